-- device_untell(told): nobody can be told that way any more
UPDATE device SET told = 0 WHERE told = 3 AND told = $1;
