-- firmware_rivals(ptype, value)
SELECT num, name, ptype, value, channel, fota, state, held_why, requires, created_ms, notes,
	metadata
  FROM firmware
 WHERE ptype = $1 AND value = $2
 ORDER BY num;
