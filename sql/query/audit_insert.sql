-- audit_insert(at_ms, key, name, address, action, object, detail)
INSERT INTO audit (at_ms, key, name, address, action, object, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7);
