"""One file per board; the file name is the name in /board on the flash."""
