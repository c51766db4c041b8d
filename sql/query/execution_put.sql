-- execution_put(job, device, ptype, target, state, sure, taken, exposed, attempt, progress, before,
--   phase, due_ms, not_before_ms, tell_ms, queued_ms, offered_ms, taken_ms, delivered_ms, ended_ms,
--   reason, delivered, detail, memo)
INSERT INTO execution (job, device, ptype, target, state, sure, taken, exposed, attempt, progress,
	before, phase, due_ms, not_before_ms, tell_ms, queued_ms, offered_ms, taken_ms,
	delivered_ms, ended_ms, reason, delivered, detail, memo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24)
ON CONFLICT (job, device, ptype) DO UPDATE
   SET target = $4, state = $5, sure = $6, taken = $7, exposed = $8, attempt = $9, progress = $10,
	before = $11, phase = $12, due_ms = $13, not_before_ms = $14, tell_ms = $15,
	queued_ms = $16, offered_ms = $17, taken_ms = $18, delivered_ms = $19, ended_ms = $20,
	reason = $21, delivered = $22, detail = $23, memo = $24;
