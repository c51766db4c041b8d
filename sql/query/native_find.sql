-- native_find(ptype, text): the highest value when several say the same.
SELECT f.num
  FROM native n
  JOIN firmware f ON f.num = n.firmware
 WHERE n.ptype = $1 AND n.text = $2
 ORDER BY f.value DESC, f.num DESC
 LIMIT 1;
