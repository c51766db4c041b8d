-- device_update(num, dialect, ptype, status, channel, last_seen_ms, gaps, firmware, firmware_sure,
--   first_seen_ms, version, slot, address, key_hash, facts, push, push_sealed)
UPDATE device
   SET dialect = $2, ptype = $3, status = $4, channel = $5, last_seen_ms = $6, gaps = $7,
	firmware = $8, firmware_sure = $9, first_seen_ms = $10, version = $11, slot = $12,
	address = $13, key_hash = $14, facts = $15, push = $16, push_sealed = $17
 WHERE num = $1;
