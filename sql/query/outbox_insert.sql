-- outbox_insert(device, job's id or NULL, call or NULL)
INSERT INTO outbox (device, job, call) VALUES ($1, $2, $3);
