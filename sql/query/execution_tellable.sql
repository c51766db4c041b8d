-- execution_tellable(job, ptype, told, now_ms, after, limit): status 1 is accepted. CROSS JOIN
--   keeps the execution outside, where an index has the queued ones only.
SELECT x.job, x.device, x.ptype, x.target, x.state, x.sure, x.taken, x.exposed, x.attempt,
	x.progress, x.before, x.phase, x.due_ms, x.not_before_ms, x.tell_ms, x.queued_ms,
	x.offered_ms, x.taken_ms, x.delivered_ms, x.ended_ms, x.reason, x.delivered, x.detail, x.memo,
	d.id, j.id, f.name
  FROM execution x
 CROSS JOIN device d
 CROSS JOIN job j
 CROSS JOIN firmware f
 WHERE x.job = $1 AND x.ptype = $2 AND x.stage = 0 AND x.device > $5
   AND j.num = x.job AND f.num = x.target AND d.num = x.device
   AND d.status = 1 AND d.told = $3
   AND (x.not_before_ms IS NULL OR x.not_before_ms <= $4)
   AND (x.tell_ms IS NULL OR x.tell_ms <= $4)
 ORDER BY x.device
 LIMIT $6;
