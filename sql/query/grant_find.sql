-- grant_find(hash)
SELECT g.num, g.kind, g.account, g.device, g.ptype, g.created_ms, g.sealed, d.id
  FROM device_grant g LEFT JOIN device d ON d.num = g.device WHERE g.hash = $1;
