-- call_trim(before_ms, limit)
-- Looks at the oldest rows only, as event_trim does.
DELETE FROM call
 WHERE num IN (SELECT num FROM (SELECT num, deadline_ms FROM call ORDER BY num LIMIT $2) AS oldest
		WHERE deadline_ms < $1);
