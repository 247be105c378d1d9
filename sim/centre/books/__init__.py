"""What the centre keeps: people, terminals, accounts, rules, policies, records and the log's leaves."""
