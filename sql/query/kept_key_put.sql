-- kept_key_put(device, sealed)
INSERT INTO kept_key (device, sealed) VALUES ($1, $2)
ON CONFLICT (device) DO UPDATE SET sealed = $2;
