"""Real brokers under fire: a fleet of terminals, a real broker, the reference centre, and a wire
that gets every trouble there is. `python -m sim.fire` (`facepay fire`)."""
