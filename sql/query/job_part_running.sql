-- job_part_running(job, yes)
UPDATE job_part SET running = $2 WHERE job = $1 AND running <> $2;
