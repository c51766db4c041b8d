-- trial_find(job)
SELECT commit_s, push, after_s, within_s, method, args, expect FROM trial WHERE job = $1;
