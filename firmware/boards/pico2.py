"""Raspberry Pi Pico 2 (RP2350): the Pico's pins, its ADC and its watchdog. Not run on hardware.

What differs: the UF2 family (rp2350-arm-s; the flasher checks it), twice the memory, and no pull-down
that holds an input against a leak above 0.6 V (erratum RP2350-E9): every input here has a pull-up,
and the emitters' gates are pulled down outside.
"""

from firmware.boards.pico import *

NAME = "pico2"
