-- device_pending_count(dialect): status 0 is pending.
SELECT count(*) FROM device WHERE dialect = $1 AND status = 0;
