-- hash_insert(firmware, slot, name, bytes): nothing happens when it stands already.
INSERT INTO image_hash (ptype, name, bytes, firmware, slot)
SELECT ptype, $3, $4, num, $2 FROM firmware WHERE num = $1
ON CONFLICT DO NOTHING;
