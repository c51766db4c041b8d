-- pace_find(job, ptype)
SELECT matched, taken, judged, won, lost, ended, failed, outcomes, stage, stage_limit,
	rate_last_ms, due_ms
  FROM pace
 WHERE job = $1 AND ptype = $2;
