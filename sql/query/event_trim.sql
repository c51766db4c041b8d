-- event_trim(before_ms, limit)
-- Looks at the oldest rows only: it must not walk a long history to find nothing.
DELETE FROM event
 WHERE num IN (SELECT num FROM (SELECT num, at_ms FROM event ORDER BY num LIMIT $2) AS oldest
		WHERE at_ms < $1);
