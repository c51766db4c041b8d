-- kept_key_find(device)
SELECT sealed FROM kept_key WHERE device = $1;
