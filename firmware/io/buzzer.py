"""Passive buzzer on a PWM pin; half duty is the loudest."""

try:
    from typing import Any
except ImportError:  # on the board
    pass


HALF = 32768


class Buzzer:
    def __init__(self, pwm: "Any") -> None:
        self._pwm = pwm
        self._hz = 0

    def tone(self, hz: int) -> None:
        """0 is silence."""
        if hz == self._hz:
            return
        self._hz = hz
        if hz:
            self._pwm.freq(hz)
        self._pwm.duty_u16(HALF if hz else 0)
