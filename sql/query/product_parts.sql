-- product_parts(ptype): the components of a product.
SELECT ptype FROM product WHERE part_of = $1 ORDER BY ptype LIMIT 4;
