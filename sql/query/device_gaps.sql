-- device_gaps(num)
SELECT last_seen_ms, gaps FROM device WHERE num = $1;
