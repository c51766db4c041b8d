-- pace_put(job, ptype, matched, judged, won, lost, ended, failed, outcomes, stage, stage_limit,
--   rate_last_ms, due_ms)
INSERT INTO pace (job, ptype, matched, judged, won, lost, ended, failed, outcomes, stage,
	stage_limit, rate_last_ms, due_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (job, ptype) DO UPDATE
   SET matched = $3, judged = $4, won = $5, lost = $6, ended = $7, failed = $8, outcomes = $9,
	stage = $10, stage_limit = $11, rate_last_ms = $12, due_ms = $13;
