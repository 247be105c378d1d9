"""One file per peripheral; each takes machine objects and has no rules of its own."""
