-- firmware_find(name)
SELECT num, name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
	metadata
  FROM firmware
 WHERE name = $1;
