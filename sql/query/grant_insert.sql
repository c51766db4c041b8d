-- grant_insert(hash, sealed, kind, account, device, ptype, created_ms) -> num
INSERT INTO device_grant (hash, sealed, kind, account, device, ptype, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING num;
