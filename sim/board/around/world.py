"""What surrounds the chip: levels on its pins, light that comes out of it, voltages it can measure.
Everything remembers what it was."""

from __future__ import annotations

from collections import deque
from typing import Any

from firmware.boards import sim as wiring

HISTORY_MAX = 4096
PIN_OUT, PIN_OPEN_DRAIN = 1, 2
PULL_UP = 1
LEVEL_NONE, STUCK = 2, 3  # nothing drives the pin; stuck at (level - 3)
FULL = 65535
PROXIMITY_CHANNEL = 0
FAR = 6000  # what the sensor reads when nobody is there
SUPPLY_CHANNEL, TEMPERATURE_CHANNEL = 3, 4  # of the RP2040's ADC on a Pico
CHANNELS = 5
REFERENCE_V = 3.3
SUPPLY_DIVIDER = 3
RESET_BELOW_V = 2.7
Json = dict[str, Any]
Ring = tuple[tuple[int, int, int], ...]


def wired(*names: str) -> dict[int, str]:
    """Pins of the board file by the first of their names that it has: {pin: name}."""
    found = {}
    for name in names:
        pin = getattr(wiring, name.upper() + "_PIN", None)
        if isinstance(pin, int):
            found[pin] = name
    return found


class Pins:
    """Level of every pad: what it is stuck at, what the firmware drives, what the world drives, its
    pull, else 0."""

    def __init__(self) -> None:
        self._mode: dict[int, int] = {}
        self._pull: dict[int, int] = {}
        self._out: dict[int, int] = {}
        self.outside = dict.fromkeys(getattr(wiring, "TAMPER_PINS", ()), 0)  # a closed case
        self.history: dict[int, deque[tuple[int, int]]] = {}  # what the firmware drove, and when
        self.stuck: dict[int, int] = {}

    def reset(self) -> None:
        """A hard reset makes every pad an input; what the world does to them stays."""
        self._mode.clear()
        self._pull.clear()
        self._out.clear()

    def configure(self, pin: int, drive: int) -> None:
        self._mode[pin] = drive & 15
        self._pull[pin] = drive >> 4 & 15
        self._out[pin] = drive >> 8 & 1

    def drive(self, pin: int, level: int) -> None:
        """The firmware sets its output latch."""
        self._out[pin] = level

    def pad(self, pin: int) -> int:
        if pin in self.stuck:
            return self.stuck[pin]
        mode, out = self._mode.get(pin, 0), self._out.get(pin, 0)
        if mode == PIN_OUT or (mode == PIN_OPEN_DRAIN and not out):
            return out
        return self.outside.get(pin, 1 if self._pull.get(pin, 0) == PULL_UP else 0)

    def told(self, pin: int) -> int:
        """What the chip is told of the world at this pin."""
        if pin in self.stuck:
            return STUCK + self.stuck[pin]
        return self.outside.get(pin, LEVEL_NONE)

    def remember(self, at_us: int, pin: int) -> None:
        """The firmware drove it."""
        if self._mode.get(pin) == PIN_OUT:
            held = self.history.setdefault(pin, deque(maxlen=HISTORY_MAX))
            held.append((at_us, self._out[pin]))

    def outputs(self) -> dict[int, int]:
        return {pin: self.pad(pin) for pin, mode in self._mode.items() if mode == PIN_OUT}

    def known(self) -> set[int]:
        return set(self.outside) | set(self.stuck)


class Lights:
    """The ring and the emitters, in linear units: 1.0 is a channel fully on. (at_us, value) for
    each change."""

    def __init__(self) -> None:
        self.ring: Ring = ((0, 0, 0),) * wiring.RING_LEDS
        self.rings: deque[tuple[int, Ring]] = deque(maxlen=HISTORY_MAX)
        self.tones: deque[tuple[int, int]] = deque(maxlen=HISTORY_MAX)
        self.duty: dict[int, int] = {}  # pin: 0..65535
        self.emitters = wired("infrared", "ir", "white", "flash", "white_flash")
        self._levels: deque[tuple[int, str, float]] = deque(maxlen=HISTORY_MAX)

    def shine(self, at_us: int, grb: bytes) -> None:
        """WS2812 sends green first; lamps beyond the data keep what they show."""
        new = [(grb[i + 1], grb[i], grb[i + 2]) for i in range(0, len(grb) - 2, 3)]
        self.show(at_us, tuple(new[: len(self.ring)]) + self.ring[len(new) :])

    def show(self, at_us: int, ring: Ring) -> None:
        self.ring = ring
        self.rings.append((at_us, ring))

    def pwm(self, at_us: int, pin: int, duty: int, hz: int) -> None:
        self.duty[pin] = duty
        if pin == wiring.BUZZER_PIN:
            self.tones.append((at_us, hz if duty else 0))
        elif pin in self.emitters:
            self._levels.append((at_us, self.emitters[pin], duty / FULL))

    def pins_off(self, at_us: int) -> None:
        """The chip lets go of its PWM pins."""
        for pin in [pin for pin, duty in self.duty.items() if duty]:
            self.pwm(at_us, pin, 0, 0)

    def dark(self, at_us: int) -> None:
        if any(any(lamp) for lamp in self.ring):
            self.show(at_us, ((0, 0, 0),) * len(self.ring))

    def seen(self, at_us: int) -> Json:
        """What a camera in front of the board sees at a moment that is in the history: mean of each
        channel of each half of the ring, and the emitters."""
        ring: Ring = ((0, 0, 0),) * len(self.ring)
        for when, then in self.rings:
            if when > at_us:
                break
            ring = then
        levels = dict.fromkeys(self.emitters.values(), 0.0)
        for when, name, level in self._levels:
            if when > at_us:
                break
            levels[name] = level
        halves = (set(wiring.RING_LEFT), set(range(len(ring))) - set(wiring.RING_LEFT))
        left, right = ([_mean(ring, half, c) for c in range(3)] for half in halves)
        both = [(a + b) / 2 for a, b in zip(left, right, strict=True)]
        return {"at_us": at_us, "ring": both, "left": left, "right": right} | levels


def _mean(ring: Ring, lamps: set[int], channel: int) -> float:
    return round(sum(ring[lamp][channel] for lamp in lamps) / (255 * len(lamps)), 6)


class Voltages:
    """What the ADC would read."""

    def __init__(self) -> None:
        self.supply_v = 5.0
        self.celsius = 27.0
        self.raw = {PROXIMITY_CHANNEL: FAR}  # channels that are set as such

    def reading(self, channel: int) -> int:
        if channel in self.raw:
            return self.raw[channel]
        if channel == SUPPLY_CHANNEL:
            volts = self.supply_v / SUPPLY_DIVIDER
        elif channel == TEMPERATURE_CHANNEL:
            volts = 0.706 - (self.celsius - 27) * 0.001721  # RP2040 data sheet 4.9.5
        else:
            volts = 0.0  # open
        return max(0, min(FULL, round(volts / REFERENCE_V * FULL)))
