-- fill_preview(ptype, target, value, allow downgrade, devices' ptype, beta only)
--   -> queued, already there, newer
SELECT coalesce(sum(CASE WHEN v.verdict = 0 THEN 1 ELSE 0 END), 0),
	coalesce(sum(CASE WHEN v.verdict = 1 THEN 1 ELSE 0 END), 0),
	coalesce(sum(CASE WHEN v.verdict = 2 THEN 1 ELSE 0 END), 0)
  FROM (SELECT CASE WHEN d.firmware = $2 THEN 1 WHEN $4 = 0 AND f.value > $3 THEN 2 ELSE 0 END
		AS verdict
	  FROM device d
	  LEFT JOIN firmware f ON f.num = d.firmware AND f.ptype = $1
	 WHERE d.ptype = $5 AND d.status = 1 AND ($6 = 0 OR d.channel = 'b')) AS v;
