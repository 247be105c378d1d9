"""Buttons to ground with pull-ups, sampled by the loop. Down counts after STABLE_MS; a press is
reported once."""

try:
    from typing import Any
except ImportError:  # on the board
    pass


STABLE_MS = 20


class Buttons:
    def __init__(self, pins: "tuple[Any, ...]") -> None:
        """pins: ((name, pin), ...)."""
        self._pins = pins
        self._since = [-1] * len(pins)  # when it went down, -1 up
        self._told = [False] * len(pins)

    def pressed(self, now: int) -> "list[Any]":
        """Names of the buttons that went down since the last call."""
        out = []
        for i, (name, pin) in enumerate(self._pins):
            if pin.value():
                self._since[i] = -1
                self._told[i] = False
            elif self._since[i] < 0:
                self._since[i] = now
            elif not self._told[i] and now - self._since[i] >= STABLE_MS:
                self._told[i] = True
                out.append(name)
        return out
