-- claim_find(hash)
SELECT device, kind, made_ms FROM claim WHERE hash = $1;
