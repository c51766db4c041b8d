-- firmware_list_ptype(ptype, after, limit)
SELECT num, name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
	metadata
  FROM firmware
 WHERE ptype = $1 AND num > $2
 ORDER BY num
 LIMIT $3;
