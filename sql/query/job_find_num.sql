-- job_find_num(num)
SELECT j.num, j.id, j.state, j.current, j.created_ms, j.started_ms, j.ended_ms, j.created_by,
	j.targets, j.metadata,
	j.forced, j.continuous, j.priority, j.exposure, j.at_least,
	j.percent, j.at_most, j.max_active, j.timeout_s, j.timeout_given, j.reach_s, j.attempts,
	j.retry_delay_s, j.allow_downgrade, j.despite_hold
  FROM job j
 WHERE j.num = $1;
