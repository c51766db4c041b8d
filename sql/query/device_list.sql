-- device_list(after, limit, status or -1, dialect, version, firmware or NULL)
SELECT d.num, d.id, d.dialect, d.ptype, d.status, d.channel, d.last_seen_ms, d.gaps, d.firmware,
	d.firmware_sure, d.told, d.first_seen_ms, d.version, d.slot, d.address, d.key_hash,
	d.facts, d.push, d.push_sealed, f.name, f.value
  FROM device d
  LEFT JOIN firmware f ON f.num = d.firmware
 WHERE d.num > $1
   AND ($3 < 0 OR d.status = $3)
   AND ($4 IS NULL OR d.dialect = $4)
   AND ($5 IS NULL OR d.version = $5)
   AND ($6 IS NULL OR f.name = $6)
 ORDER BY d.num
 LIMIT $2;
