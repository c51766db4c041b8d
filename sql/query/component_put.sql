-- component_put(device, ptype, firmware)
INSERT INTO component (device, ptype, firmware) VALUES ($1, $2, $3)
ON CONFLICT (device, ptype) DO UPDATE SET firmware = $3;
