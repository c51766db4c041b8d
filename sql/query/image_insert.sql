-- image_insert(firmware, slot, blob, md5, sha1, kind, findings)
INSERT INTO image (firmware, slot, blob, md5, sha1, kind, findings)
VALUES ($1, $2, $3, $4, $5, $6, $7);
