-- execution_lost(job, ptype, after, limit): failed, rejected and timed out, to be retried.
SELECT x.device FROM execution x
 WHERE x.job = $1 AND x.ptype = $2 AND x.device > $3 AND x.state IN (8, 9, 10)
 ORDER BY x.device LIMIT $4;
