-- tags_list(device)
SELECT key, value FROM tag WHERE device = $1 ORDER BY key;
