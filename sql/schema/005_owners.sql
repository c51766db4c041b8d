-- People who command devices from outside the management API: accounts, their
-- keys, what they were granted, and the secrets by which grants are claimed.

CREATE TABLE account (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	name		TEXT NOT NULL UNIQUE CHECK (name <> ''),
	email		TEXT NOT NULL UNIQUE CHECK (email <> ''),
	password	BLOB NOT NULL,
	created_ms	INTEGER NOT NULL
) STRICT;

CREATE TABLE account_key (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	hash		BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	account		INTEGER NOT NULL REFERENCES account ON DELETE CASCADE
) STRICT;
CREATE INDEX account_key_account ON account_key (account);

-- A key over one device, or over all of a product. sealed: the key itself, for
-- it has to be shown again.
CREATE TABLE device_grant (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	hash		BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	sealed		TEXT NOT NULL,
	kind		INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
	account		INTEGER REFERENCES account ON DELETE CASCADE,
	device		INTEGER REFERENCES device ON DELETE CASCADE,
	ptype		INTEGER REFERENCES product ON DELETE CASCADE,
	created_ms	INTEGER NOT NULL,
	CONSTRAINT over_something CHECK ((device IS NULL) <> (ptype IS NULL))
) STRICT;
CREATE INDEX device_grant_account ON device_grant (account) WHERE account IS NOT NULL;
CREATE INDEX device_grant_device ON device_grant (device) WHERE device IS NOT NULL;
CREATE INDEX device_grant_ptype ON device_grant (ptype) WHERE ptype IS NOT NULL;

-- kind 0: the secret of a device's last activation; 1: shared by an owner, once.
CREATE TABLE claim (
	hash		BLOB PRIMARY KEY CHECK (length(hash) = 32),
	device		INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
	kind		INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 1),
	made_ms		INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX claim_activation ON claim (device) WHERE kind = 0;
CREATE INDEX claim_device ON claim (device, kind);

-- A device's own key, where we made it and its owner has yet to burn it.
CREATE TABLE kept_key (
	device		INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
	sealed		TEXT NOT NULL
) STRICT;

-- Devices that are known by their key alone.
CREATE INDEX device_key ON device (key_hash) WHERE dialect = 'espressif';

-- Those that can be told something that way: none of them can when otad starts, for
-- a connection that is held open.
CREATE INDEX device_told ON device (told) WHERE told = 3;
