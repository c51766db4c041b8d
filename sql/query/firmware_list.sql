-- firmware_list(after, limit): of all products.
SELECT num, name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
	metadata
  FROM firmware
 WHERE num > $1
 ORDER BY num
 LIMIT $2;
