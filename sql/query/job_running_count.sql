-- job_running_count()
SELECT count(*) FROM job WHERE state = 2;
