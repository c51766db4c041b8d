-- execution_put(job, device, ptype, target, stage, state, sure, taken, exposed, attempt, progress,
--   before, phase, due_ms, not_before_ms, tell_ms, queued_ms, offered_ms, taken_ms, delivered_ms,
--   ended_ms, reason, delivered, detail, memo)
INSERT INTO execution (job, device, ptype, target, stage, state, sure, taken, exposed, attempt,
	progress, before, phase, due_ms, not_before_ms, tell_ms, queued_ms, offered_ms, taken_ms,
	delivered_ms, ended_ms, reason, delivered, detail, memo)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24, $25)
ON CONFLICT (job, device, ptype) DO UPDATE
   SET target = $4, stage = $5, state = $6, sure = $7, taken = $8, exposed = $9, attempt = $10,
	progress = $11, before = $12, phase = $13, due_ms = $14, not_before_ms = $15,
	tell_ms = $16, queued_ms = $17, offered_ms = $18, taken_ms = $19, delivered_ms = $20,
	ended_ms = $21, reason = $22, delivered = $23, detail = $24, memo = $25;
