-- execution_list(job, after, state or -1, limit)
SELECT x.job, x.device, x.ptype, x.target, x.state, x.sure, x.taken, x.exposed, x.attempt,
	x.progress, x.before, x.phase, x.due_ms, x.not_before_ms, x.tell_ms, x.queued_ms,
	x.offered_ms, x.taken_ms, x.delivered_ms, x.ended_ms, x.reason, x.delivered, x.detail, x.memo,
	d.id, j.id, f.name
  FROM execution x
  JOIN device d ON d.num = x.device
  JOIN job j ON j.num = x.job
  JOIN firmware f ON f.num = x.target
 WHERE x.job = $1 AND x.device > $2 AND ($3 < 0 OR x.state = $3)
 ORDER BY x.device, x.ptype
 LIMIT $4;
