-- job_metadata(num)
SELECT metadata FROM job WHERE num = $1;
