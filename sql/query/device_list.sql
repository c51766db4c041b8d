-- device_list(after, limit)
SELECT d.num, d.id, d.dialect, d.ptype, d.status, d.channel, d.last_seen_ms, d.gaps, d.firmware,
	d.firmware_sure, d.told, d.first_seen_ms, d.version, d.slot, d.address, d.key_hash,
	d.facts, d.push, d.push_sealed, f.name, f.value
  FROM device d
  LEFT JOIN firmware f ON f.num = d.firmware
 WHERE d.num > $1 /* filter */
 ORDER BY d.num
 LIMIT $2;
