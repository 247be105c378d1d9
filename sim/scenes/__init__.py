"""Scenario files for the controller: what is done to a board and what must be seen, as TOML. `facepay
sim run` plays them on the simulated board and, where the step allows it, on a real one."""
