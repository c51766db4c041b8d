-- claim_put(hash, device, kind, made_ms)
INSERT INTO claim (hash, device, kind, made_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (hash) DO UPDATE SET device = $2, kind = $3, made_ms = $4;
