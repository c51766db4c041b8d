-- blob_drop(blob): a staged one, with its chunks.
DELETE FROM blob WHERE num = $1 AND sha256 IS NULL;
