"""A bank beside the centre: the personal leg of one code (一码付), with a ledger of its own."""
