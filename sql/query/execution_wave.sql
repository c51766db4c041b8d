-- execution_wave(job, device, ptype, stage): the stage in which it took.
UPDATE execution SET wave = $4 WHERE job = $1 AND device = $2 AND ptype = $3;
