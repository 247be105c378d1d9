"""The controller itself: the VM as its CPU, its flash, what it boots from."""
