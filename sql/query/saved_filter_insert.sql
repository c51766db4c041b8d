-- saved_filter_insert(name, text, created_ms, created_by) -> num
INSERT INTO saved_filter (name, text, created_ms, created_by)
VALUES ($1, $2, $3, $4)
RETURNING num;
