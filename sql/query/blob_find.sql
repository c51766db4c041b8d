-- blob_find(sha256)
SELECT num, size FROM blob WHERE sha256 = $1;
