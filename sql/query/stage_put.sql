-- stage_put(job, ptype, n, kind, amount, filter, min_success, slack, soak_s, state, opened_ms,
--   filled_ms, ended_ms, taken)
INSERT INTO stage (job, ptype, n, kind, amount, filter, min_success, slack, soak_s, state,
	opened_ms, filled_ms, ended_ms, taken)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (job, ptype, n) DO UPDATE
   SET kind = $4, amount = $5, filter = $6, min_success = $7, slack = $8, soak_s = $9, state = $10,
	opened_ms = $11, filled_ms = $12, ended_ms = $13, taken = $14;
