-- product_insert(ptype, serial, name, description, is_private, status, dialect, slots, image_kind,
--   hardware, link_base, part_of, created_ms, updated_ms, current_v, current_b)
INSERT INTO product (ptype, serial, name, description, is_private, status, dialect, slots,
	image_kind, hardware, link_base, part_of, created_ms, updated_ms, current_v, current_b)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);
