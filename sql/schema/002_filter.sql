-- Filters: which devices a job is for, and those that people keep under a name.

-- A job has the text that it was made with, and none when it is for all devices
-- of its products or for a list of them. A table of its own, since few jobs have
-- one, and only what meets a device for the first time asks.
CREATE TABLE job_filter (
	job		INTEGER PRIMARY KEY REFERENCES job ON DELETE CASCADE,
	text		TEXT NOT NULL CHECK (text <> '')
) STRICT;

CREATE TABLE saved_filter (
	num		INTEGER PRIMARY KEY AUTOINCREMENT,
	name		TEXT NOT NULL UNIQUE CHECK (name <> ''),
	text		TEXT NOT NULL CHECK (text <> ''),
	created_ms	INTEGER NOT NULL,
	created_by	TEXT
) STRICT;
