-- blob_measure(blob) -> chunks, number of the last, bytes
SELECT count(*), max(n), sum(length(bytes)) FROM chunk WHERE blob = $1;
