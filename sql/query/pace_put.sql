-- pace_put(job, ptype, matched, taken, judged, won, lost, ended, failed, outcomes, stage, stage_limit,
--   rate_last_ms, due_ms)
INSERT INTO pace (job, ptype, matched, taken, judged, won, lost, ended, failed, outcomes, stage,
	stage_limit, rate_last_ms, due_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (job, ptype) DO UPDATE
   SET matched = $3, taken = $4, judged = $5, won = $6, lost = $7, ended = $8, failed = $9,
	outcomes = $10, stage = $11, stage_limit = $12, rate_last_ms = $13, due_ms = $14;
