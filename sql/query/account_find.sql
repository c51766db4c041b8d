-- account_find(login): by email or name
SELECT num, name, email, password, created_ms FROM account WHERE email = $1 OR name = $1;
