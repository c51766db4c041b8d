-- job_list_ptype(below, limit, state or -1, ptype): through the parts' index.
SELECT j.num, j.id, j.state, j.current, j.created_ms, j.started_ms, j.ended_ms, j.created_by,
	j.targets, j.metadata,
	j.forced, j.continuous, j.priority, j.exposure, j.at_least,
	j.percent, j.at_most, j.max_active, j.timeout_s, j.timeout_given, j.reach_s, j.attempts,
	j.retry_delay_s, j.allow_downgrade, j.despite_hold
  FROM job_part p
 CROSS JOIN job j
 WHERE p.ptype = $4 AND p.job < $1
   AND j.num = p.job AND j.state > 0 AND ($3 < 0 OR j.state = $3)
 ORDER BY p.job DESC
 LIMIT $2;
