-- pace_due(now_ms, limit) -> job, ptype
SELECT job, ptype FROM pace WHERE due_ms <= $1 ORDER BY due_ms LIMIT $2;
