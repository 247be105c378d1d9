"""The harnesses of the disk: power-cut images, every durable call struck, a whole agent on a file
system that forgets."""
