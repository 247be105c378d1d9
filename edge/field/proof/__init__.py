"""Judging a bundle offline, with public keys alone, and saying it so that a clinic manager understands."""
