-- fill_ptype(ptype): whose devices have it: its own, or those of what it is part of.
SELECT coalesce(part_of, ptype) FROM product WHERE ptype = $1;
