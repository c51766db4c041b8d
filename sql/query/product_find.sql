-- product_find(ptype)
SELECT ptype, serial, name, description, is_private, status, dialect, slots, image_kind, hardware,
	link_base, part_of, created_ms, updated_ms, current_v, current_b
  FROM product
 WHERE ptype = $1;
