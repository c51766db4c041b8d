-- claim_drop_activation(device)
DELETE FROM claim WHERE device = $1 AND kind = 0;
