-- care_put(job, rate, growth, rate_max, failure, min_ended, window, confidence, start_ms, end_ms,
--   open_from, open_to, tz, second, reboot, made_by, halt_limit, halt_detail)
INSERT INTO care (job, rate, growth, rate_max, failure, min_ended, window, confidence, start_ms,
	end_ms, open_from, open_to, tz, second, reboot, made_by, halt_limit, halt_detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (job) DO UPDATE
   SET rate = $2, growth = $3, rate_max = $4, failure = $5, min_ended = $6, window = $7,
	confidence = $8, start_ms = $9, end_ms = $10, open_from = $11, open_to = $12, tz = $13,
	second = $14, reboot = $15, made_by = $16, halt_limit = $17, halt_detail = $18;
