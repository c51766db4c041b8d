-- device_update(num, dialect, ptype, status, channel, last_seen_ms, gaps, firmware, firmware_sure,
--   told, first_seen_ms, version, slot, address, key_hash, facts, push, push_sealed)
UPDATE device
   SET dialect = $2, ptype = $3, status = $4, channel = $5, last_seen_ms = $6, gaps = $7,
	firmware = $8, firmware_sure = $9, told = $10, first_seen_ms = $11, version = $12,
	slot = $13, address = $14, key_hash = $15, facts = $16, push = $17, push_sealed = $18
 WHERE num = $1;
