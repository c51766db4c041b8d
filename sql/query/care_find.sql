-- care_find(job)
SELECT rate, growth, rate_max, failure, min_ended, window, confidence, start_ms, end_ms, open_from,
	open_to, tz, second, reboot, made_by, halt_limit, halt_detail
  FROM care
 WHERE job = $1;
