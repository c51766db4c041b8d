-- job_open(ptype): running, by priority, then newest first.
SELECT j.num, j.id, j.state, j.current, j.created_ms,
	j.forced, j.continuous, j.priority, j.exposure, j.at_least,
	j.percent, j.at_most, j.max_active, j.timeout_s, j.timeout_given, j.reach_s, j.attempts,
	j.retry_delay_s, j.allow_downgrade, j.despite_hold,
	p.ptype, p.firmware, f.name,
	p.c_queued, p.c_awaiting, p.c_offered, p.c_in_progress, p.c_downloaded, p.c_verifying,
	p.c_delayed, p.c_succeeded, p.c_failed, p.c_rejected, p.c_timed_out, p.c_canceled,
	p.c_superseded, p.c_unreached, p.exposed, p.proven, p.taken, p.failures, p.reverted
  FROM job_part p
  JOIN job j ON j.num = p.job
  JOIN firmware f ON f.num = p.firmware
 WHERE p.ptype = $1 AND p.running = 1
 ORDER BY j.priority DESC, j.num DESC;
