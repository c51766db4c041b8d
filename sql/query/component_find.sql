-- component_find(device, ptype)
SELECT firmware FROM component WHERE device = $1 AND ptype = $2;
