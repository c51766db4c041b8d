-- call_find(num)
SELECT num, device, method, args, result, error, deadline_ms, answered_ms, job, ptype
  FROM call
 WHERE num = $1;
