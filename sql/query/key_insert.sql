-- key_insert(id, hash, name, role, expires_ms, products, created_ms)
INSERT INTO api_key (id, hash, name, role, expires_ms, products, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7);
