-- due_shift(delta_ms): what waits for a moment, waits for the same one.
UPDATE execution
   SET due_ms = due_ms + $1, not_before_ms = not_before_ms + $1, tell_ms = tell_ms + $1
 WHERE due_ms IS NOT NULL;
