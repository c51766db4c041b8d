-- firmware_set_state(num, state, why)
UPDATE firmware SET state = $2, held_why = $3 WHERE num = $1;
