-- job_set_state(num, state, now_ms): 2 runs, from 5 on it has ended.
UPDATE job
   SET state = $2,
	started_ms = CASE WHEN $2 = 2 THEN coalesce(started_ms, $3) ELSE started_ms END,
	ended_ms = CASE WHEN $2 >= 5 THEN $3 ELSE NULL END
 WHERE num = $1;
