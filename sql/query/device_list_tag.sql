-- device_list_tag(after, limit, status or -1, dialect, version, firmware or NULL, ptype or 0, tag,
--   its value or NULL): CROSS JOIN keeps the tag outside, where its index is.
SELECT d.num, d.id, d.dialect, d.ptype, d.status, d.channel, d.last_seen_ms, d.gaps, d.firmware,
	d.firmware_sure, d.told, d.first_seen_ms, d.version, d.slot, d.address, d.key_hash,
	d.facts, d.push, d.push_sealed, f.name, f.value
  FROM tag t
 CROSS JOIN device d
  LEFT JOIN firmware f ON f.num = d.firmware
 WHERE t.key = $8 AND ($9 IS NULL OR t.value = $9)
   AND d.num = t.device AND d.num > $1
   AND ($7 = 0 OR d.ptype = $7)
   AND ($3 < 0 OR d.status = $3)
   AND ($4 IS NULL OR d.dialect = $4)
   AND ($5 IS NULL OR d.version = $5)
   AND ($6 IS NULL OR f.name = $6)
 ORDER BY d.num
 LIMIT $2;
