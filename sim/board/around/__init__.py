"""What surrounds the chip: pins, light, voltages, the cable and the consoles."""
