-- grant_list_account(account, after, limit)
SELECT g.num, g.kind, g.account, g.device, g.ptype, g.created_ms, g.sealed, d.id
  FROM device_grant g LEFT JOIN device d ON d.num = g.device
 WHERE g.account = $1 AND g.num > $2 ORDER BY g.num LIMIT $3;
