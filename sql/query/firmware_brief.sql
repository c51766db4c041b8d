-- firmware_brief(num): with its first native version.
SELECT f.num, f.name, f.ptype, f.value, f.channel, f.fota, f.state, f.requires, n.text
  FROM firmware f
  LEFT JOIN native n ON n.firmware = f.num AND n.n = 0
 WHERE f.num = $1;
