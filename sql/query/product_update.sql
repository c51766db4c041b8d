-- product_update(ptype, serial, name, description, is_private, status, dialect, slots, image_kind,
--   hardware, link_base, part_of, created_ms, updated_ms, current_v, current_b)
UPDATE product
   SET serial = $2, name = $3, description = $4, is_private = $5, status = $6, dialect = $7,
	slots = $8, image_kind = $9, hardware = $10, link_base = $11, part_of = $12,
	created_ms = $13, updated_ms = $14, current_v = $15, current_b = $16
 WHERE ptype = $1;
