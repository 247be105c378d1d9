"""The simulated board's side of the physics channel; runs inside the MicroPython VM.

Out: one fixed head (op, microseconds, a, b, length) and data per thing the firmware did. In:
(pin, level) as u8 and u16; pins from ANALOG on are channels of the ADC. The end of the in-pipe means that the simulator is gone, and then there is no
power: the VM ends.
"""

import os
import struct
import sys
import time

PIN, BITS, PWM, WDT, FEED, RESET = 1, 2, 3, 4, 5, 6
HEAD = "<BQIIH"
LEVEL = "<BH"
ANALOG = 128

_in = open(int(os.getenv("SIM_IN")), "rb", 0)
_out = open(int(os.getenv("SIM_OUT")), "wb", 0)
_pair = bytearray(struct.calcsize(LEVEL))
driven = {}


def tell(op, a=0, b=0, data=b""):
    _out.write(struct.pack(HEAD, op, time.ticks_us(), a, b, len(data)) + bytes(data))


def levels():
    """What the world drives each pin to: {pin: level}; a pin that nothing drives is not in it."""
    while True:
        count = _in.readinto(_pair)
        if count is None:
            return driven
        if count == 0:
            sys.exit(9)
        pin, level = struct.unpack(LEVEL, _pair)
        if level == 2 and pin < ANALOG:
            driven.pop(pin, None)
        else:
            driven[pin] = level
