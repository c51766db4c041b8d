-- saved_filter_list(after, limit)
SELECT num, name, text, created_ms, created_by
  FROM saved_filter
 WHERE num > $1
 ORDER BY num
 LIMIT $2;
