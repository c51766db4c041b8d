-- blob_sweep(): all that are staged.
DELETE FROM blob WHERE sha256 IS NULL;
