-- tags_delete(device)
DELETE FROM tag WHERE device = $1;
