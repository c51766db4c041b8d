-- key_list()
SELECT id, name, role, expires_ms, products, created_ms FROM api_key ORDER BY created_ms, id;
