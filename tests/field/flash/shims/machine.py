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


class Pin:
    IN, OUT, PULL_UP = 0, 1, 1

    def __init__(self, id, mode=-1, pull=-1):
        self.id = id

    def value(self):
        return 0 if str(self.id) == os.getenv("RIG_STUCK") else 1


class ADC:
    def __init__(self, where):
        pass

    def read_u16(self):
        return 14300  # 0.72 V: about 19 degrees


class UART:
    """With a loopback plug when RIG_PLUG is set."""

    def __init__(self, id, **options):
        self._held = b""

    def readinto(self, buf):
        n = len(self._held)
        buf[:n] = self._held
        self._held = b""
        return n or None

    def write(self, data):
        if os.getenv("RIG_PLUG") == "1":
            self._held += data


def bitstream(pin, encoding, timing, data):
    pass
