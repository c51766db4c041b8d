-- job_part_insert(job, ptype, firmware, running)
INSERT INTO job_part (job, ptype, firmware, running) VALUES ($1, $2, $3, $4);
