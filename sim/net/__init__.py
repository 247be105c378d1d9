"""Brokers as processes, their certificates, and wires that can be cut."""
