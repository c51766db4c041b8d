-- fill_preview(ptype, target, value, allow downgrade, devices' ptype, beta only)
--   -> queued, already there, newer: the same verdicts as fill_insert's.
SELECT coalesce(sum(CASE WHEN v.verdict = 0 THEN 1 ELSE 0 END), 0),
	coalesce(sum(CASE WHEN v.verdict = 1 THEN 1 ELSE 0 END), 0),
	coalesce(sum(CASE WHEN v.verdict = 2 THEN 1 ELSE 0 END), 0)
  FROM (SELECT CASE WHEN r.runs = $2 THEN 1 WHEN $4 = 0 AND f.value > $3 THEN 2 ELSE 0 END
		AS verdict
	  FROM (SELECT CASE WHEN d.ptype = $1 THEN d.firmware ELSE (SELECT c.firmware
			FROM component c WHERE c.device = d.num AND c.ptype = $1) END AS runs
		  FROM device d
		 WHERE d.ptype = $5 AND d.status = 1 AND ($6 = 0 OR d.channel = 'b')
		   /* filter */) AS r
	  LEFT JOIN firmware f ON f.num = r.runs AND f.ptype = $1) AS v;
