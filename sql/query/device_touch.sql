-- device_touch(num, last_seen_ms, gaps)
UPDATE device
   SET last_seen_ms = $2, gaps = $3, first_seen_ms = coalesce(first_seen_ms, $2)
 WHERE num = $1;
