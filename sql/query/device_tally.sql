-- device_tally(): devices by status.
SELECT status, n FROM device_tally;
