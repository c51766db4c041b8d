-- outbox_delete(num)
DELETE FROM outbox WHERE num = $1;
