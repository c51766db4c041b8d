-- What otad remembers, for SQLite. Run inside one transaction.
--
-- Moments are wall-clock milliseconds. What is empty or never is NULL, which
-- takes no room: most rows of the two big tables, device and execution, carry
-- little more than their keys. Rules that must hold whoever races whom are
-- constraints here; the core asks first only to give a better answer.

CREATE TABLE product (
	ptype		INTEGER PRIMARY KEY
			CONSTRAINT ptype_range CHECK (ptype BETWEEN 1 AND 99999),
	serial		TEXT NOT NULL UNIQUE CHECK (serial <> ''),
	name		TEXT NOT NULL UNIQUE CHECK (name <> ''),
	description	TEXT,
	is_private	INTEGER NOT NULL CHECK (is_private IN (0, 1)),
	status		INTEGER NOT NULL CHECK (status IN (1, 2)),
	dialect		TEXT NOT NULL,
	-- names of the images a firmware must bring, one a line
	slots		TEXT NOT NULL,
	image_kind	TEXT NOT NULL,
	hardware	TEXT,
	link_base	TEXT,
	part_of		INTEGER REFERENCES product,
	created_ms	INTEGER NOT NULL,
	updated_ms	INTEGER NOT NULL,
	current_v	TEXT REFERENCES firmware (name),
	current_b	TEXT REFERENCES firmware (name),
	CONSTRAINT part_of_itself CHECK (part_of <> ptype)
) STRICT;
CREATE INDEX product_part_of ON product (part_of) WHERE part_of IS NOT NULL;

CREATE TABLE firmware (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	name		TEXT NOT NULL UNIQUE,
	ptype		INTEGER NOT NULL REFERENCES product,
	value		INTEGER NOT NULL
			CONSTRAINT value_range CHECK (value BETWEEN 0 AND 999999999),
	channel		TEXT NOT NULL CHECK (channel IN ('v', 'b')),
	fota		TEXT NOT NULL CHECK (fota IN ('o', 'l', 'a', 'n')),
	state		INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
	held_why	TEXT,
	requires	TEXT,
	created_ms	INTEGER NOT NULL,
	notes		TEXT,
	metadata	TEXT
) STRICT;
-- protocols/espressif-cloud.md 5.2: of one ptype and value at most one that can
-- be upgraded to, and one that cannot.
CREATE UNIQUE INDEX firmware_upgradable ON firmware (ptype, value) WHERE fota IN ('o', 'l', 'a');
CREATE UNIQUE INDEX firmware_fixed ON firmware (ptype, value) WHERE fota = 'n';
CREATE INDEX firmware_ptype ON firmware (ptype, num);
CREATE INDEX firmware_value ON firmware (ptype, value);

-- What devices that run a firmware will call it.
CREATE TABLE native (
	firmware	INTEGER NOT NULL REFERENCES firmware ON DELETE CASCADE,
	n		INTEGER NOT NULL,
	ptype		INTEGER NOT NULL,
	text		TEXT NOT NULL CHECK (text <> ''),
	PRIMARY KEY (firmware, n),
	UNIQUE (ptype, text, firmware)
) STRICT, WITHOUT ROWID;

-- Bytes by content. Without sha256: staged, not yet anyone's.
CREATE TABLE blob (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256		BLOB UNIQUE CHECK (length(sha256) = 32),
	size		INTEGER CHECK (size >= 0),
	CONSTRAINT published_has_size CHECK ((sha256 IS NULL) = (size IS NULL))
) STRICT;
-- A rowid table: large rows are slow to find in a WITHOUT ROWID tree.
CREATE TABLE chunk (
	blob		INTEGER NOT NULL REFERENCES blob ON DELETE CASCADE,
	n		INTEGER NOT NULL CHECK (n >= 0),
	bytes		BLOB NOT NULL
			CONSTRAINT chunk_size CHECK (length(bytes) BETWEEN 1 AND 262144),
	UNIQUE (blob, n)
) STRICT;

CREATE TABLE image (
	firmware	INTEGER NOT NULL REFERENCES firmware ON DELETE CASCADE,
	slot		TEXT NOT NULL CHECK (slot <> ''),
	blob		INTEGER NOT NULL REFERENCES blob,
	md5		BLOB NOT NULL CHECK (length(md5) = 16),
	sha1		BLOB NOT NULL CHECK (length(sha1) = 20),
	kind		TEXT NOT NULL,
	findings	TEXT,
	PRIMARY KEY (firmware, slot)
) STRICT;
CREATE INDEX image_blob ON image (blob);

-- Hashes by which a device may show what it runs.
CREATE TABLE image_hash (
	ptype		INTEGER NOT NULL,
	name		TEXT NOT NULL,
	bytes		BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 64),
	firmware	INTEGER NOT NULL REFERENCES firmware ON DELETE CASCADE,
	slot		TEXT NOT NULL,
	PRIMARY KEY (bytes, name, ptype, firmware, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_hash_firmware ON image_hash (firmware);

-- Numbers are never given twice: caches and queued words go by them.
CREATE TABLE device (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	id		TEXT NOT NULL UNIQUE CHECK (id <> ''),
	dialect		TEXT NOT NULL,
	ptype		INTEGER REFERENCES product,
	status		INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
	channel		TEXT NOT NULL CHECK (channel IN ('v', 'b')),
	last_seen_ms	INTEGER,
	gaps		BLOB,
	firmware	INTEGER REFERENCES firmware,
	firmware_sure	INTEGER NOT NULL CHECK (firmware_sure IN (0, 1)),
	-- how it can be told something: an enum carrier
	told		INTEGER NOT NULL CHECK (told BETWEEN 0 AND 15),
	first_seen_ms	INTEGER,
	version		TEXT,
	slot		TEXT,
	address		TEXT,
	key_hash	BLOB CHECK (length(key_hash) = 32),
	facts		TEXT,
	push		TEXT,
	push_sealed	TEXT
) STRICT;
CREATE INDEX device_ptype ON device (ptype) WHERE ptype IS NOT NULL;
CREATE INDEX device_pending ON device (dialect) WHERE status = 0;

-- How many devices there are of each status, kept by triggers: a count over a
-- million of them would take as long as a thousand checks.
CREATE TABLE device_tally (
	status		INTEGER PRIMARY KEY,
	n		INTEGER NOT NULL CHECK (n >= 0)
) STRICT;
INSERT INTO device_tally VALUES (0, 0), (1, 0), (2, 0);
CREATE TRIGGER device_came AFTER INSERT ON device
BEGIN
	UPDATE device_tally SET n = n + 1 WHERE status = NEW.status;
END;
CREATE TRIGGER device_went AFTER DELETE ON device
BEGIN
	UPDATE device_tally SET n = n - 1 WHERE status = OLD.status;
END;
CREATE TRIGGER device_changed AFTER UPDATE OF status ON device WHEN OLD.status <> NEW.status
BEGIN
	UPDATE device_tally SET n = n - 1 WHERE status = OLD.status;
	UPDATE device_tally SET n = n + 1 WHERE status = NEW.status;
END;

-- What a part of a device, a product of its own, is believed to run.
CREATE TABLE component (
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	ptype		INTEGER NOT NULL REFERENCES product,
	firmware	INTEGER NOT NULL REFERENCES firmware,
	PRIMARY KEY (device, ptype)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	key		TEXT NOT NULL CHECK (key <> ''),
	value		TEXT NOT NULL,
	PRIMARY KEY (device, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_value ON tag (key, value, device);

CREATE TABLE job (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	id		TEXT NOT NULL UNIQUE CHECK (id <> ''),
	state		INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
	current		TEXT CHECK (current IN ('v', 'b')),
	forced		INTEGER NOT NULL CHECK (forced IN (0, 1)),
	continuous	INTEGER NOT NULL CHECK (continuous IN (0, 1)),
	priority	INTEGER NOT NULL,
	exposure	INTEGER NOT NULL CHECK (exposure IN (0, 1)),
	at_least	INTEGER NOT NULL CHECK (at_least >= 0),
	percent		INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100),
	at_most		INTEGER NOT NULL CHECK (at_most >= 0),
	max_active	INTEGER NOT NULL CHECK (max_active >= 0),
	timeout_s	INTEGER NOT NULL CHECK (timeout_s >= 1),
	timeout_given	INTEGER NOT NULL CHECK (timeout_given IN (0, 1)),
	reach_s		INTEGER NOT NULL CHECK (reach_s >= 1),
	attempts	INTEGER NOT NULL CHECK (attempts >= 1),
	retry_delay_s	INTEGER NOT NULL CHECK (retry_delay_s >= 0),
	allow_downgrade	INTEGER NOT NULL CHECK (allow_downgrade IN (0, 1)),
	despite_hold	INTEGER NOT NULL CHECK (despite_hold IN (0, 1)),
	created_ms	INTEGER NOT NULL,
	started_ms	INTEGER,
	ended_ms	INTEGER,
	created_by	TEXT,
	targets		TEXT,
	metadata	TEXT
) STRICT;
CREATE INDEX job_filling ON job (num) WHERE state = 0;
CREATE INDEX job_running ON job (num) WHERE state = 2;

-- One firmware of a job, and how it goes: counters, so that nobody has to count.
-- The c_ columns are the states of tbl/states.h, in its order.
CREATE TABLE job_part (
	job		INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
	ptype		INTEGER NOT NULL REFERENCES product,
	firmware	INTEGER NOT NULL REFERENCES firmware,
	-- the job is running: kept beside it for job_part_running
	running		INTEGER NOT NULL CHECK (running IN (0, 1)),
	c_queued	INTEGER NOT NULL DEFAULT 0 CHECK (c_queued >= 0),
	c_awaiting	INTEGER NOT NULL DEFAULT 0 CHECK (c_awaiting >= 0),
	c_offered	INTEGER NOT NULL DEFAULT 0 CHECK (c_offered >= 0),
	c_in_progress	INTEGER NOT NULL DEFAULT 0 CHECK (c_in_progress >= 0),
	c_downloaded	INTEGER NOT NULL DEFAULT 0 CHECK (c_downloaded >= 0),
	c_verifying	INTEGER NOT NULL DEFAULT 0 CHECK (c_verifying >= 0),
	c_delayed	INTEGER NOT NULL DEFAULT 0 CHECK (c_delayed >= 0),
	c_succeeded	INTEGER NOT NULL DEFAULT 0 CHECK (c_succeeded >= 0),
	c_failed	INTEGER NOT NULL DEFAULT 0 CHECK (c_failed >= 0),
	c_rejected	INTEGER NOT NULL DEFAULT 0 CHECK (c_rejected >= 0),
	c_timed_out	INTEGER NOT NULL DEFAULT 0 CHECK (c_timed_out >= 0),
	c_canceled	INTEGER NOT NULL DEFAULT 0 CHECK (c_canceled >= 0),
	c_superseded	INTEGER NOT NULL DEFAULT 0 CHECK (c_superseded >= 0),
	c_unreached	INTEGER NOT NULL DEFAULT 0 CHECK (c_unreached >= 0),
	exposed		INTEGER NOT NULL DEFAULT 0 CHECK (exposed >= 0),
	proven		INTEGER NOT NULL DEFAULT 0 CHECK (proven >= 0),
	taken		INTEGER NOT NULL DEFAULT 0 CHECK (taken >= 0),
	failures	INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
	reverted	INTEGER NOT NULL DEFAULT 0 CHECK (reverted >= 0),
	PRIMARY KEY (job, ptype)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_part_ptype ON job_part (ptype, job);
-- A product's past jobs are many, its running ones few.
CREATE INDEX job_part_running ON job_part (ptype, job) WHERE running = 1;

CREATE TABLE execution (
	job		INTEGER NOT NULL,
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	ptype		INTEGER NOT NULL,
	target		INTEGER NOT NULL REFERENCES firmware,
	state		INTEGER NOT NULL CHECK (state BETWEEN 0 AND 13),
	-- 0 queued, 1 live, 2 over: what the indexes go by. It says nothing that state and
	-- exposed do not; but an update that leaves it alone leaves the indexes alone.
	stage		INTEGER NOT NULL,
	sure		INTEGER NOT NULL DEFAULT 0 CHECK (sure IN (0, 1)),
	taken		INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1)),
	exposed		INTEGER NOT NULL DEFAULT 0 CHECK (exposed IN (0, 1)),
	attempt		INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
	progress	INTEGER CHECK (progress BETWEEN 0 AND 100),
	before		INTEGER,
	phase		INTEGER NOT NULL DEFAULT 0,
	due_ms		INTEGER,
	not_before_ms	INTEGER,
	tell_ms		INTEGER,
	queued_ms	INTEGER,
	offered_ms	INTEGER,
	taken_ms	INTEGER,
	delivered_ms	INTEGER,
	ended_ms	INTEGER,
	reason		TEXT,
	delivered	TEXT,
	detail		TEXT,
	memo		TEXT,
	PRIMARY KEY (job, device, ptype),
	FOREIGN KEY (job, ptype) REFERENCES job_part ON DELETE CASCADE,
	CONSTRAINT stage_of_state CHECK (stage =
		CASE WHEN state = 0 THEN 0 WHEN state < 7 OR exposed = 1 THEN 1 ELSE 2 END)
) STRICT, WITHOUT ROWID;
-- A device's ask looks at what is not over, however long its history.
CREATE INDEX execution_device ON execution (device, stage);
CREATE INDEX execution_due ON execution (due_ms) WHERE due_ms IS NOT NULL;
-- Devices that wait to be told of their job.
CREATE INDEX execution_queued ON execution (job, ptype, device) WHERE stage = 0;

-- What is to be said to devices: removed in the transaction that says it.
CREATE TABLE call (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	method		TEXT NOT NULL,
	args		TEXT,
	result		TEXT,
	error		TEXT,
	deadline_ms	INTEGER NOT NULL,
	answered_ms	INTEGER
) STRICT;
CREATE INDEX call_waiting ON call (device, answered_ms, deadline_ms);
CREATE TABLE outbox (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	job		TEXT,
	call		INTEGER REFERENCES call ON DELETE CASCADE,
	CONSTRAINT cancel_or_call CHECK ((job IS NULL) <> (call IS NULL))
) STRICT;
CREATE INDEX outbox_device ON outbox (device);
CREATE INDEX outbox_call ON outbox (call) WHERE call IS NOT NULL;

CREATE TABLE event (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms		INTEGER NOT NULL,
	device		INTEGER REFERENCES device ON DELETE CASCADE,
	job		INTEGER,
	ptype		INTEGER,
	kind		TEXT NOT NULL,
	detail		TEXT
) STRICT;
CREATE INDEX event_device ON event (device) WHERE device IS NOT NULL;

CREATE TABLE audit (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms		INTEGER NOT NULL,
	key		TEXT,
	name		TEXT,
	address		TEXT,
	action		TEXT NOT NULL,
	object		TEXT,
	detail		TEXT
) STRICT;

CREATE TABLE api_key (
	id		TEXT PRIMARY KEY CHECK (id <> ''),
	hash		BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	name		TEXT NOT NULL,
	role		INTEGER NOT NULL CHECK (role BETWEEN 2 AND 4),
	expires_ms	INTEGER,
	products	TEXT,
	created_ms	INTEGER NOT NULL
) STRICT;
