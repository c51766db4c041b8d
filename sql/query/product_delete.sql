-- product_delete(ptype): refused by foreign keys while anything refers to it.
DELETE FROM product WHERE ptype = $1;
