-- blob_publish(blob, sha256, size)
UPDATE blob SET sha256 = $2, size = $3 WHERE num = $1 AND sha256 IS NULL;
