-- Updates that are tried before they are kept.

-- What a job says of the trial of its image: how long a device keeps it without a
-- word, and how its health is asked for. NULL: not said.
CREATE TABLE trial (
	job		INTEGER PRIMARY KEY REFERENCES job ON DELETE CASCADE,
	commit_s	INTEGER CHECK (commit_s >= 1),
	push		INTEGER CHECK (push IN (0, 1)),
	after_s		INTEGER CHECK (after_s >= 0),
	within_s	INTEGER CHECK (within_s >= 1),
	method		TEXT,
	args		TEXT,
	expect		TEXT
) STRICT;

-- A call that an update made by itself: its answer goes on with that.
ALTER TABLE call ADD COLUMN job INTEGER;
ALTER TABLE call ADD COLUMN ptype INTEGER;
