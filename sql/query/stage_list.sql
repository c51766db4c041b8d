-- stage_list(job, ptype)
SELECT n, kind, amount, filter, min_success, slack, soak_s, state, opened_ms, filled_ms, ended_ms,
	taken
  FROM stage
 WHERE job = $1 AND ptype = $2
 ORDER BY n;
