-- job_part_change(job, ptype, what is added to each figure, in the order of the states)
UPDATE job_part
   SET c_queued = c_queued + $3, c_awaiting = c_awaiting + $4, c_offered = c_offered + $5,
	c_in_progress = c_in_progress + $6, c_downloaded = c_downloaded + $7,
	c_verifying = c_verifying + $8, c_delayed = c_delayed + $9,
	c_succeeded = c_succeeded + $10, c_failed = c_failed + $11, c_rejected = c_rejected + $12,
	c_timed_out = c_timed_out + $13, c_canceled = c_canceled + $14,
	c_superseded = c_superseded + $15, c_unreached = c_unreached + $16,
	exposed = exposed + $17, proven = proven + $18, taken = taken + $19,
	failures = failures + $20, reverted = reverted + $21
 WHERE job = $1 AND ptype = $2;
