-- stage_waiting(job, ptype, since_ms): queued, of devices that match and were heard since then.
SELECT count(*)
  FROM execution x
  JOIN device d ON d.num = x.device
 WHERE x.job = $1 AND x.ptype = $2 AND x.stage = 0
   AND coalesce(d.last_seen_ms, 0) >= $3 /* filter */;
