-- device_insert(id, dialect, ptype, status, channel, last_seen_ms, gaps, firmware, firmware_sure,
--   told, first_seen_ms, version, slot, address, key_hash, facts, push, push_sealed) -> num
INSERT INTO device (id, dialect, ptype, status, channel, last_seen_ms, gaps, firmware,
	firmware_sure, told, first_seen_ms, version, slot, address, key_hash, facts, push,
	push_sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
	$18)
RETURNING num;
