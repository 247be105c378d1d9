"""Flashing: our own raw-REPL client, the states of a board, UF2, releases, provisioning."""
