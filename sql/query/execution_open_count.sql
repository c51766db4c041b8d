-- execution_open_count(job): from the counters of its parts.
SELECT coalesce(sum(c_queued + c_awaiting + c_offered + c_in_progress + c_downloaded + c_verifying
	+ c_delayed), 0)
  FROM job_part
 WHERE job = $1;
