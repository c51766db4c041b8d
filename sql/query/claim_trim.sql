-- claim_trim(device, before_ms): shares that nobody took up
DELETE FROM claim WHERE device = $1 AND kind = 1 AND made_ms < $2;
