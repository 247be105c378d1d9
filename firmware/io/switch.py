"""Output pins that are only on or off, written when they change; and the levels of input pins."""

try:
    from typing import Any
except ImportError:  # on the board
    pass


class Outputs:
    def __init__(self, pins: "tuple[Any, ...]") -> None:
        """pins: machine.Pin or None for what is not there. All are off when this returns."""
        self._pins = pins
        self._shown = [0] * len(pins)
        for pin in pins:
            if pin is not None:
                pin.value(0)

    def show(self, levels: "tuple[Any, ...]") -> None:
        for i, level in enumerate(levels):
            wanted = 1 if level else 0
            if wanted != self._shown[i]:
                self._shown[i] = wanted
                if self._pins[i] is not None:
                    self._pins[i].value(wanted)


class Inputs:
    def __init__(self, pins: "tuple[Any, ...]") -> None:
        self._pins = pins

    def levels(self) -> "list[int]":
        return [pin.value() for pin in self._pins]
