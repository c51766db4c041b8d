-- blob_chunk(blob, n, bytes): only of a staged one.
INSERT INTO chunk (blob, n, bytes)
SELECT num, $2, $3 FROM blob WHERE num = $1 AND sha256 IS NULL;
