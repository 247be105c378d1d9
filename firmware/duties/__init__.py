"""The controller's duties, one file each: pure machines that are told the time and what the world
is like, and say what shall be lit or reported. The pins are in `firmware.io`."""
