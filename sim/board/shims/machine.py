"""`machine` of the simulated board: what the firmware uses of it, with the physics of the real
thing.

Pins read what drives them, else their pull, else 0. UARTs are descriptors, so `select.poll`
sleeps in the kernel. The watchdog lives outside and kills. What is not here raises
AttributeError, as an unknown name does on a board.
"""

import io
import os
import sys

import _hub

PWRON_RESET, WDT_RESET = 1, 3
_POLL, _FILENO = 3, 10


class Pin:
    IN, OUT, PULL_UP, PULL_DOWN = 0, 1, 1, 2

    def __init__(self, id, mode=-1, pull=-1, value=None):
        self.id, self.mode, self.pull, self._level = id, mode, pull, 0
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            if self.mode == self.OUT:
                return self._level
            return _hub.levels().get(self.id, 1 if self.pull == self.PULL_UP else 0)
        self._level = 1 if level else 0
        _hub.tell(_hub.PIN, self.id, self._level)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)


class PWM:
    def __init__(self, pin, freq=0, duty_u16=0):
        self._pin, self._freq, self._duty = pin, freq, duty_u16

    def freq(self, hz):
        self._freq = hz
        if self._duty:
            _hub.tell(_hub.PWM, self._pin.id, (hz << 16) | self._duty if hz < 65536 else 0)

    def duty_u16(self, duty):
        self._duty = duty
        _hub.tell(_hub.PWM, self._pin.id, (self._freq << 16) | duty if self._freq < 65536 else 0)


class ADC:
    """Reads what the world puts on the channel; an open input floats low."""

    CORE_TEMP = 4

    def __init__(self, where):
        channel = where.id - 26 if isinstance(where, Pin) else where
        self._key = _hub.ANALOG + channel

    def read_u16(self):
        return _hub.levels().get(self._key, 0)


class UART(io.IOBase):
    def __init__(self, id, baudrate=115200, **options):
        self._fd = int(os.getenv("SIM_UART%d" % id))
        self._file = _files[id]

    def readinto(self, buf):
        return self._file.readinto(buf)

    def write(self, data):
        return self._file.write(data)

    def ioctl(self, op, arg):
        if op == _FILENO:
            return self._fd
        return 0


class WDT:
    def __init__(self, id=0, timeout=5000):
        if not 0 < timeout <= 8388:
            raise ValueError("timeout")  # as the RP2040 port does
        _hub.tell(_hub.WDT, timeout)

    def feed(self):
        _hub.tell(_hub.FEED)


def bitstream(pin, encoding, timing, data):
    _hub.tell(_hub.BITS, pin.id, 0, data)


def reset():
    _hub.tell(_hub.RESET)
    sys.exit(3)


def soft_reset():
    sys.exit(0)


def reset_cause():
    return int(os.getenv("SIM_CAUSE"))


def unique_id():
    return bytes.fromhex(os.getenv("SIM_UID"))


def freq(hz=None):
    return 125000000


# Opened here, before the host's file system is taken off "/": afterwards open() reaches the flash
# only.
_files = [open(int(os.getenv("SIM_UART%d" % n)), "r+b", 0) for n in (0, 1)]
