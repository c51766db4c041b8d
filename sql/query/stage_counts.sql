-- stage_counts(job, ptype) -> stage, state, how many
SELECT wave, state, count(*)
  FROM execution
 WHERE job = $1 AND ptype = $2 AND wave IS NOT NULL
 GROUP BY wave, state;
