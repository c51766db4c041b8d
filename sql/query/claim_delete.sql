-- claim_delete(hash)
DELETE FROM claim WHERE hash = $1;
