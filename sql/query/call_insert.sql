-- call_insert(device, method, args, deadline_ms) -> num
INSERT INTO call (device, method, args, deadline_ms) VALUES ($1, $2, $3, $4) RETURNING num;
