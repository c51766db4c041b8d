-- call_answer(num, result, error, now_ms)
UPDATE call SET result = $2, error = $3, answered_ms = $4 WHERE num = $1;
