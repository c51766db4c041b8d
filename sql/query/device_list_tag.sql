-- device_list_tag(after, limit, tag, its value): CROSS JOIN keeps the tag outside, where its index
--   is, in order of the device.
SELECT d.num, d.id, d.dialect, d.ptype, d.status, d.channel, d.last_seen_ms, d.gaps, d.firmware,
	d.firmware_sure, d.told, d.first_seen_ms, d.version, d.slot, d.address, d.key_hash,
	d.facts, d.push, d.push_sealed, f.name, f.value
  FROM tag t
 CROSS JOIN device d
  LEFT JOIN firmware f ON f.num = d.firmware
 WHERE t.key = $3 AND t.value = $4 AND t.device > $1
   AND d.num = t.device /* filter */
 ORDER BY t.device
 LIMIT $2;
