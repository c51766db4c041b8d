-- fill_slice(devices' ptype, after, limit, beta only): devices of the next slice, and the last.
SELECT count(*), max(num) FROM (
	SELECT num FROM device
	 WHERE ptype = $1 AND num > $2 AND status = 1 AND ($4 = 0 OR channel = 'b')
	 ORDER BY num
	 LIMIT $3
) AS slice;
