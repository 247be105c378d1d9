"""The wires between the chip and what surrounds it: who drives a pin, what the ADC reads, and the chip
told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.board.around.world import CHANNELS, Lights, Pins, Voltages
from sim.board.chip import wire


class Home(Protocol):
    """What wires need of their board."""

    def now_us(self) -> int: ...
    def note(self, kind: str, **fields: object) -> None: ...


class Wires:
    """`give` puts a message of `wire` before the CPU."""

    def __init__(self, home: Home, give: Callable[[int, int, bytes], None]) -> None:
        self._home = home
        self._give = give
        self.pins, self.lights, self.volts = Pins(), Lights(), Voltages()

    def drive(self, pin: int, level: int | None) -> None:
        """The world drives a pin; None lets go."""
        if level is None:
            self.pins.outside.pop(pin, None)
        else:
            self.pins.outside[pin] = level
        self._tell_pin(pin)
        self._home.note("pin", pin=pin, level=self.pins.pad(pin), by="world")

    def stick(self, pin: int, level: int | None) -> None:
        """A pin is shorted, whatever the firmware drives; None heals it."""
        if level is None:
            self.pins.stuck.pop(pin, None)
        else:
            self.pins.stuck[pin] = level
        self._tell_pin(pin)
        self.moved(pin)

    def moved(self, pin: int) -> None:
        """The firmware drives or configures a pin, or something else does: where it stands now."""
        now = self._home.now_us()
        self._home.note("pin", pin=pin, level=self.pins.pad(pin))
        self.pins.remember(now, pin)
        if pin in self.lights.emitters:
            self.lights.pwm(now, pin, 65535 * self.pins.outputs().get(pin, 0), 0)

    def measure(self, channel: int, value: int) -> None:
        """What a channel of the ADC reads from now on."""
        self.volts.raw[channel] = max(0, min(65535, value))
        self._home.note("analog", channel=channel, value=value)
        self.tell_voltages()

    def tell_voltages(self) -> None:
        """What the ADC reads has changed."""
        for channel in range(CHANNELS):
            self._give(wire.ANALOG, channel, self.volts.reading(channel).to_bytes(2, "little"))

    def tell_all(self) -> None:
        """To a CPU that has just started."""
        for pin in sorted(self.pins.known()):
            self._tell_pin(pin)
        self.tell_voltages()

    def _tell_pin(self, pin: int) -> None:
        self._give(wire.LEVEL, pin, bytes([self.pins.told(pin)]))
