-- account_count()
SELECT count(*) FROM account;
