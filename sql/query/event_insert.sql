-- event_insert(at_ms, device, job, ptype, kind, detail)
INSERT INTO event (at_ms, device, job, ptype, kind, detail) VALUES ($1, $2, $3, $4, $5, $6);
