-- event_list(device, below, limit)
SELECT e.num, e.at_ms, e.device, e.job, e.ptype, e.kind, e.detail, d.id, j.id
  FROM event e
  LEFT JOIN device d ON d.num = e.device
  LEFT JOIN job j ON j.num = e.job
 WHERE e.device = $1 AND e.num < $2
 ORDER BY e.num DESC
 LIMIT $3;
