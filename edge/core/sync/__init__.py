"""What goes to the centre and when: ledger rules, outbox, reconnect."""
