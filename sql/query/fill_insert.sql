-- fill_insert(job, ptype, target, value, allow downgrade, now_ms, due_ms, devices' ptype, after,
--   last, beta only) -> state of each
-- 0 queued, 7 succeeded, 12 superseded. A component's version says nothing of the whole's.
INSERT INTO execution (job, device, ptype, target, stage, state, sure, due_ms, queued_ms,
	ended_ms, reason)
SELECT $1, v.num, $2, $3,
	CASE v.verdict WHEN 0 THEN 0 ELSE 2 END,
	CASE v.verdict WHEN 1 THEN 7 WHEN 2 THEN 12 ELSE 0 END,
	CASE v.verdict WHEN 1 THEN v.sure ELSE 0 END,
	CASE v.verdict WHEN 0 THEN $7 END,
	$6,
	CASE v.verdict WHEN 0 THEN NULL ELSE $6 END,
	CASE v.verdict WHEN 1 THEN 'already_there' WHEN 2 THEN 'newer_already' END
  FROM (SELECT d.num, d.firmware_sure AS sure,
		CASE WHEN d.firmware = $3 THEN 1 WHEN $5 = 0 AND f.value > $4 THEN 2 ELSE 0 END AS verdict
	  FROM device d
	  LEFT JOIN firmware f ON f.num = d.firmware AND f.ptype = $2
	 WHERE d.ptype = $8 AND d.num > $9 AND d.num <= $10 AND d.status = 1
	   AND ($11 = 0 OR d.channel = 'b')) AS v
 WHERE 1 = 1
 ORDER BY v.num
ON CONFLICT DO NOTHING
RETURNING state;
