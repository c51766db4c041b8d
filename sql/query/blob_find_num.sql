-- blob_find_num(num)
SELECT num, size FROM blob WHERE num = $1;
