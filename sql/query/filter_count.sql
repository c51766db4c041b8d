-- filter_count(ptype, since_ms): accepted devices that have it, heard since then; 0: or never.
SELECT count(*)
  FROM device d
 WHERE d.ptype = (SELECT coalesce(p.part_of, p.ptype) FROM product p WHERE p.ptype = $1)
   AND d.status = 1 AND coalesce(d.last_seen_ms, 0) >= $2 /* filter */;
