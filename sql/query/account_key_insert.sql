-- account_key_insert(hash, account)
INSERT INTO account_key (hash, account) VALUES ($1, $2);
