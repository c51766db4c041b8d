-- call_insert(device, method, args, deadline_ms, job, ptype) -> num
INSERT INTO call (device, method, args, deadline_ms, job, ptype)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING num;
