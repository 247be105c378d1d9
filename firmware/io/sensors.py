"""Analogue inputs by the numbers of the board file; samples are cheap, so no filter of its own."""

try:
    from typing import Any
except ImportError:  # on the board
    pass


FULL = 65535
REFERENCE_MV = 3300


class Sensors:
    def __init__(self, proximity: "Any", supply: "Any", temperature: "Any", board: "Any") -> None:
        """ADC objects, or None for what the board does not have; `board` has SUPPLY_DIVIDER,
        TEMPERATURE_MV (at 27 degrees) and TEMPERATURE_UV (per degree, falling)."""
        self._proximity = proximity
        self._supply = supply
        self._temperature = temperature
        self._board = board

    def near_level(self) -> int:
        return int(self._proximity.read_u16()) if self._proximity else 0

    def supply_mv(self) -> int:
        if not self._supply:
            return 5000  # nothing measures it: nothing to complain of
        divider: int = self._board.SUPPLY_DIVIDER
        return int(self._supply.read_u16()) * REFERENCE_MV * divider // FULL

    def deci_c(self) -> int:
        """Tenths of a degree."""
        if not self._temperature:
            return 270
        uv = int(self._temperature.read_u16()) * REFERENCE_MV * 1000 // FULL
        at_27_mv: int = self._board.TEMPERATURE_MV
        falls_uv: int = self._board.TEMPERATURE_UV
        return 270 - (uv - at_27_mv * 1000) * 10 // falls_uv
