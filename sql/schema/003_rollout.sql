-- How careful a rollout is, and how it goes under that care.

-- What its maker asked for, beside the policy in job. NULL: not asked for.
CREATE TABLE care (
	job		INTEGER PRIMARY KEY REFERENCES job ON DELETE CASCADE,
	rate		INTEGER CHECK (rate >= 1),
	growth		REAL,
	rate_max	INTEGER,
	failure		INTEGER CHECK (failure BETWEEN 0 AND 100),
	min_ended	INTEGER,
	window		INTEGER,
	confidence	INTEGER,
	start_ms	INTEGER,
	end_ms		INTEGER,
	-- minutes of the local day, in tz ("device": each device's own)
	open_from	INTEGER CHECK (open_from BETWEEN 0 AND 1439),
	open_to		INTEGER CHECK (open_to BETWEEN 0 AND 1439),
	tz		TEXT,
	second		INTEGER NOT NULL DEFAULT 0 CHECK (second IN (0, 1)),
	reboot		INTEGER NOT NULL DEFAULT 0 CHECK (reboot IN (0, 1)),
	-- the key that made it: another has to be the second operator
	made_by		TEXT,
	-- the limit that halted it, and its sentence
	halt_limit	TEXT,
	halt_detail	TEXT
) STRICT;

-- One part of a job as the judge sees it.
CREATE TABLE pace (
	job		INTEGER NOT NULL,
	ptype		INTEGER NOT NULL,
	matched		INTEGER NOT NULL CHECK (matched >= 0),
	-- ever took the image
	taken		INTEGER NOT NULL,
	-- since the last resume: took the image, succeeded, ended otherwise
	judged		INTEGER NOT NULL,
	won		INTEGER NOT NULL,
	lost		INTEGER NOT NULL,
	-- attempts that ended, and the last outcomes of these as bits
	ended		INTEGER NOT NULL,
	failed		INTEGER NOT NULL,
	outcomes	BLOB,
	-- the open stage (NULL: there are none), and how many may have taken in it
	stage		INTEGER,
	stage_limit	INTEGER,
	rate_last_ms	INTEGER,
	-- time alone may change something then: a start, a soak, an end
	due_ms		INTEGER,
	PRIMARY KEY (job, ptype),
	FOREIGN KEY (job, ptype) REFERENCES job_part ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pace_due ON pace (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE stage (
	job		INTEGER NOT NULL,
	ptype		INTEGER NOT NULL,
	n		INTEGER NOT NULL CHECK (n BETWEEN 0 AND 15),
	kind		INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
	amount		INTEGER NOT NULL,
	filter		TEXT,
	min_success	INTEGER NOT NULL,
	slack		INTEGER NOT NULL,
	soak_s		INTEGER NOT NULL,
	state		INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
	opened_ms	INTEGER,
	filled_ms	INTEGER,
	ended_ms	INTEGER,
	taken		INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (job, ptype, n),
	FOREIGN KEY (job, ptype) REFERENCES job_part ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The stage in which it took; NULL: it has not, or there was none.
ALTER TABLE execution ADD COLUMN wave INTEGER;
CREATE INDEX execution_wave ON execution (job, ptype, wave) WHERE wave IS NOT NULL;
