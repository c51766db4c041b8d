-- job_filter_put(job, text)
INSERT INTO job_filter (job, text) VALUES ($1, $2);
