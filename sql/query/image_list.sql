-- image_list(firmware)
SELECT i.slot, b.size, i.md5, i.sha1, b.sha256, i.kind, i.findings
  FROM image i
  JOIN blob b ON b.num = i.blob
 WHERE i.firmware = $1
 ORDER BY i.slot;
