-- due_shift(delta_ms)
UPDATE execution
   SET due_ms = due_ms + $1, not_before_ms = not_before_ms + $1
 WHERE due_ms IS NOT NULL;
