"""How others hold a board: a process of it, its port, what can be done to it, a terminal at its cable."""
