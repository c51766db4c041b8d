-- filter_matches(device)
SELECT 1 FROM device d WHERE d.num = $1 /* filter */;
