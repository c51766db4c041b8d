-- saved_filter_find(name)
SELECT num, name, text, created_ms, created_by FROM saved_filter WHERE name = $1;
