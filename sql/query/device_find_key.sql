-- device_find_key(key_hash): of the one family that is known by its key
SELECT num FROM device WHERE key_hash = $1 AND dialect = 'espressif';
