-- tag_insert(device, key, value)
INSERT INTO tag (device, key, value) VALUES ($1, $2, $3);
