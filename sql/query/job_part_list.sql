-- job_part_list(job)
SELECT p.ptype, p.firmware, f.name,
	p.c_queued, p.c_awaiting, p.c_offered, p.c_in_progress, p.c_downloaded, p.c_verifying,
	p.c_delayed, p.c_succeeded, p.c_failed, p.c_rejected, p.c_timed_out, p.c_canceled,
	p.c_superseded, p.c_unreached, p.exposed, p.proven, p.taken, p.failures, p.reverted
  FROM job_part p
  JOIN firmware f ON f.num = p.firmware
 WHERE p.job = $1
 ORDER BY p.ptype;
