"""One patient in front of the terminal: the transition table and what its rows do."""
