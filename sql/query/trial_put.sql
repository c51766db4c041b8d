-- trial_put(job, commit_s, push, after_s, within_s, method, args, expect)
INSERT INTO trial (job, commit_s, push, after_s, within_s, method, args, expect)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (job) DO UPDATE
   SET commit_s = $2, push = $3, after_s = $4, within_s = $5, method = $6, args = $7, expect = $8;
