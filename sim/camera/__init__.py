"""Simulated people: real photographs performing in front of the terminal, and the attacks on it."""
