-- key_find(hash)
SELECT id, name, role, expires_ms, products, created_ms FROM api_key WHERE hash = $1;
