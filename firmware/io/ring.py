"""WS2812 ring through `machine.bitstream`: green, red, blue per lamp, fixed buffer."""

import machine

try:
    from typing import Any
except ImportError:  # on the board
    pass


TIMING_NS = (400, 850, 800, 450)  # WS2812B data sheet: T0H T0L T1H T1L


class Ring:
    def __init__(self, pin: "machine.Pin", leds: int, left: "tuple[int, ...]") -> None:
        self._pin = pin
        self._left = left
        self._buf = bytearray(3 * leds)
        self._shown: object = None

    def show(self, value: "tuple[Any, Any]") -> None:
        """value: (colour of the left half, colour of the right half); writes only what changed."""
        if value == self._shown:
            return
        self._shown = value
        left, right = value
        for lamp in range(len(self._buf) // 3):
            red, green, blue = left if lamp in self._left else right
            self._buf[3 * lamp] = green
            self._buf[3 * lamp + 1] = red
            self._buf[3 * lamp + 2] = blue
        machine.bitstream(self._pin, 0, TIMING_NS, self._buf)
