-- audit_list(below, limit)
SELECT num, at_ms, key, name, address, action, object, detail
  FROM audit
 WHERE num < $1
 ORDER BY num DESC
 LIMIT $2;
