-- job_sweep_filling(): with their parts and executions.
DELETE FROM job WHERE state = 0;
