-- device_delete(num): its tags, events and executions follow.
DELETE FROM device WHERE num = $1;
