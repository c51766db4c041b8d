-- product_free_ptype(from): the lowest number from there on that is free.
SELECT min(free) FROM (
	SELECT $1 AS free WHERE NOT EXISTS (SELECT 1 FROM product WHERE ptype = $1)
	UNION ALL
	SELECT min(p.ptype) + 1 FROM product p
	 WHERE p.ptype >= $1
	   AND NOT EXISTS (SELECT 1 FROM product q WHERE q.ptype = p.ptype + 1)
) AS candidates;
