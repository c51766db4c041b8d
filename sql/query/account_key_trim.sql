-- account_key_trim(account, keep): the oldest go
DELETE FROM account_key WHERE num IN
	(SELECT num FROM account_key WHERE account = $1 ORDER BY num DESC LIMIT 1000000 OFFSET $2);
