-- job_filter_find(job)
SELECT text FROM job_filter WHERE job = $1;
