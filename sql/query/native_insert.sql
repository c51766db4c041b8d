-- native_insert(firmware, n, ptype, text)
INSERT INTO native (firmware, n, ptype, text) VALUES ($1, $2, $3, $4);
