-- product_find_name(name or NULL, serial or NULL): the first that has either.
SELECT ptype, serial, name, description, is_private, status, dialect, slots, image_kind, hardware,
	link_base, part_of, created_ms, updated_ms, current_v, current_b
  FROM product
 WHERE name = $1 OR serial = $2
 ORDER BY ptype
 LIMIT 1;
