-- blob_stage() -> num
INSERT INTO blob (sha256, size) VALUES (NULL, NULL) RETURNING num;
