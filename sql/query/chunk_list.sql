-- chunk_list(blob)
SELECT n, bytes FROM chunk WHERE blob = $1 ORDER BY n;
