-- grant_delete(num)
DELETE FROM device_grant WHERE num = $1;
