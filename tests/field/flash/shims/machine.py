"""`machine` of the rig: enough for a program that does nothing but run."""
import os
import sys


class WDT:
    def __init__(self, id=0, timeout=5000):
        if not 0 < timeout <= 8388:
            raise ValueError("timeout")

    def feed(self):
        pass


def reset():
    sys.exit(3)


def unique_id():
    return bytes.fromhex(os.getenv("RIG_UID"))


def reset_cause():
    return 1
