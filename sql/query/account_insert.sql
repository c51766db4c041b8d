-- account_insert(name, email, password, created_ms) -> num
INSERT INTO account (name, email, password, created_ms) VALUES ($1, $2, $3, $4)
RETURNING num;
