-- outbox_list(told, limit): oldest first.
SELECT o.num, o.device, o.job, o.call
  FROM outbox o
 CROSS JOIN device d
 WHERE d.num = o.device AND d.told = $1
 ORDER BY o.num
 LIMIT $2;
