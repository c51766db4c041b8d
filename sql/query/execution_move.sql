-- execution_move(job, device, ptype, target, stage, and the rest as execution_put): when target and
--   stage stay what they are, most indexes are not touched.
UPDATE execution
   SET state = $6, sure = $7, taken = $8, exposed = $9, attempt = $10, progress = $11,
	before = $12, phase = $13, due_ms = $14, not_before_ms = $15, tell_ms = $16,
	queued_ms = $17, offered_ms = $18, taken_ms = $19, delivered_ms = $20, ended_ms = $21,
	reason = $22, delivered = $23, detail = $24, memo = $25
 WHERE job = $1 AND device = $2 AND ptype = $3 AND target = $4 AND stage = $5;
