-- job_insert(id, state, current, created_ms, started_ms, ended_ms, created_by, targets, metadata,
--   policy in the order of its struct) -> num
INSERT INTO job (id, state, current, created_ms, started_ms, ended_ms, created_by, targets,
	metadata, forced, continuous, priority, exposure, at_least, percent, at_most,
	max_active, timeout_s, timeout_given, reach_s, attempts, retry_delay_s, allow_downgrade,
	despite_hold)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
	$10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
RETURNING num;
