-- account_find_key(hash)
SELECT a.num, a.name, a.email, a.password, a.created_ms
  FROM account_key k JOIN account a ON a.num = k.account WHERE k.hash = $1;
