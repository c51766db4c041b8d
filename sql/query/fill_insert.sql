-- fill_insert(job, ptype, target, value, allow downgrade, now_ms, due_ms, devices' ptype, after,
--   last, beta only, state of those that wait) -> state of each
-- 0 queued, 1 awaiting an approval, 7 succeeded, 12 superseded. What a component runs is believed, not sure.
INSERT INTO execution (job, device, ptype, target, stage, state, sure, due_ms, queued_ms,
	ended_ms, reason)
SELECT $1, v.num, $2, $3,
	CASE v.verdict WHEN 0 THEN $12 ELSE 2 END,
	CASE v.verdict WHEN 1 THEN 7 WHEN 2 THEN 12 ELSE $12 END,
	CASE v.verdict WHEN 1 THEN v.sure ELSE 0 END,
	CASE v.verdict WHEN 0 THEN $7 END,
	$6,
	CASE v.verdict WHEN 0 THEN NULL ELSE $6 END,
	CASE v.verdict WHEN 1 THEN 'already_there' WHEN 2 THEN 'newer_already' END
  FROM (SELECT r.num, r.sure,
		CASE WHEN r.runs = $3 THEN 1 WHEN $5 = 0 AND f.value > $4 THEN 2 ELSE 0 END AS verdict
	  FROM (SELECT d.num,
			CASE WHEN d.ptype = $2 THEN d.firmware_sure ELSE 0 END AS sure,
			CASE WHEN d.ptype = $2 THEN d.firmware ELSE (SELECT c.firmware
				FROM component c WHERE c.device = d.num AND c.ptype = $2) END AS runs
		  FROM device d
		 WHERE d.ptype = $8 AND d.num > $9 AND d.num <= $10 AND d.status = 1 /* filter */
		   AND ($11 = 0 OR d.channel = 'b')) AS r
	  LEFT JOIN firmware f ON f.num = r.runs AND f.ptype = $2) AS v
 WHERE 1 = 1
 ORDER BY v.num
ON CONFLICT DO NOTHING
RETURNING state;
