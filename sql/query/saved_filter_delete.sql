-- saved_filter_delete(name)
DELETE FROM saved_filter WHERE name = $1;
