-- firmware_find_num(num)
SELECT num, name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
	metadata
  FROM firmware
 WHERE num = $1;
