-- native_list(firmware)
SELECT text FROM native WHERE firmware = $1 ORDER BY n;
