-- hash_find(ptype, name, bytes): the highest value when several share it.
SELECT f.num
  FROM image_hash h
  JOIN firmware f ON f.num = h.firmware
 WHERE h.ptype = $1 AND h.name = $2 AND h.bytes = $3
 ORDER BY f.value DESC, f.num DESC
 LIMIT 1;
