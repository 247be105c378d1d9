"""What the terminal owes the HIS: bills, idempotency, message numbers, what answers mean to them."""
