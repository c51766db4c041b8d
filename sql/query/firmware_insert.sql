-- firmware_insert(name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
--   metadata) -> num
INSERT INTO firmware (name, ptype, value, channel, fota, state, held_why, requires, created_ms,
	notes, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING num;
