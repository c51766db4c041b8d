-- call_waiting(device, now_ms)
SELECT count(*) FROM call WHERE device = $1 AND answered_ms IS NULL AND deadline_ms > $2;
