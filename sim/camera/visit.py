"""One presentation to the terminal: somebody, or something, in front of the camera while the lamps
play a sequence. Deterministic by seed. What is presented is a species, a file in `species/`.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

import numpy as np
from msgspec import Struct

from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import NONCE_BYTES, Sequence, draw, longer
from sim.camera import acting, species
from sim.camera.lamps import Shutter, rows
from sim.camera.linear import shot
from sim.camera.pixels import Floats, Sensor
from sim.camera.plate import Plate
from sim.camera.solid import Look

TERMINAL = "PAD-SIM"
LAMP_LUX = 80.0  # of one side in white, on a face at 45 cm
START_MS = 10_000.0
TONES = (1.0, 0.7, 0.45, 0.28)  # linear gain of the photographed skin
ROOMS = (  # lux, colour
    (150.0, (1.08, 1.0, 0.86)), (300.0, (1.0, 1.0, 1.0)), (300.0, (1.10, 1.0, 0.84)),
    (500.0, (0.97, 1.0, 1.05)), (800.0, (1.0, 1.0, 1.02)),
)  # fmt: skip
BETWEEN_MS = (150.0, 450.0)  # the controller's report, a shot from after it, the judgement, the next order
NEAR_CM, FAR_CM = 36.0, 56.0
OWN_LEVEL = 0.20  # linear, to which the locked exposure brings the face without lamps
GAIN_MAX = 6.0


class Person(Struct, frozen=True, eq=False):
    """Somebody: the plate of a photograph, and how they differ from it."""

    name: str
    plate: Plate
    look: Look
    phase: float

    @property
    def habits(self) -> acting.Habits:
        """How they hold still; looking straight."""
        return acting.Habits(-self.plate.pose.yaw_deg, 0.0, 0.0, self.phase)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The face at rest, in shot pixels."""
        face = self.plate.face
        return face.x, face.y, face.w, face.h


class Setting(Struct, frozen=True):
    """Where it happens. strength: what a lamp adds to the room's light, straight before it."""

    lux: float
    colour: tuple[float, float, float]
    cm: float
    seed: int

    @property
    def strength(self) -> float:
        """Of one lamp in white."""
        return LAMP_LUX / self.lux * (45.0 / self.cm) ** 2

    @property
    def level(self) -> Floats:
        """The room's light: 3 gains."""
        return np.array(self.colour, np.float32)


class Take(Struct, frozen=True, eq=False):
    """What a species is given: whom it imitates, where, which lamps shine, when the shots are (ms
    on the lamps' clock), and its own dice.
    """

    person: Person
    at: Setting
    lighting: Lighting
    times: list[float]
    rng: random.Random

    def seconds(self, at_ms: float) -> float:
        """Since the first shot."""
        return (at_ms - self.times[0]) / 1e3

    def lamps(self, at_ms: float) -> Floats:
        """The lamps of a shot, Hx2x3, in parts of the room's light."""
        return strength(self.at, self.lighting, at_ms)


class Species(Protocol):
    """What every file in `species/` offers."""

    LEVEL: int  # 0 bona fide, 1 and 2 as laboratories count, 3 = named, not claimed to be stopped

    def frames(self, take: Take) -> Iterator[Floats]:
        """The light of each shot, linear."""


@cache
def kinds() -> dict[str, Species]:
    """Every species by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(species.__path__))
    return {
        name: cast(Species, importlib.import_module(f"{species.__name__}.{name}"))
        for name in names
        if not name.startswith("_")
    }


def setting(rng: random.Random) -> Setting:
    """A room and a distance."""
    lux, colour = rng.choice(ROOMS)
    return Setting(lux, colour, rng.uniform(NEAR_CM, FAR_CM), rng.randrange(1 << 30))


def lighting(rng: random.Random, *, twice: bool = False) -> Lighting:
    """A sequence of this visit, and the lamps on time to half a millisecond. twice: with the other lights
    that follow a doubt; what comes before is the same.
    """
    sequence = draw(rng.randbytes(NONCE_BYTES), TERMINAL)
    begins, end_ms = _begins(sequence, START_MS, rng)
    if not twice:
        return Lighting(sequence, begins, end_ms)
    others, later_ms = _begins(sequence, end_ms + rng.uniform(*BETWEEN_MS), rng)
    return Lighting(longer(sequence, TERMINAL), (*begins, end_ms, *others), later_ms)


def _begins(sequence: Sequence, start_ms: float, rng: random.Random) -> tuple[tuple[float, ...], float]:
    step_ms = sequence.step_ms
    begins = tuple(start_ms + n * step_ms + rng.uniform(0, 0.5) for n in range(len(sequence.steps)))
    return begins, start_ms + sequence.length_ms


def play(
    name: str, person: Person, at: Setting, lamps: Lighting, seed: int, *, rate: float = 15.0
) -> Iterator[tuple[int, bytes]]:
    """(time stamp of the driver, JPEG) of each shot."""
    rng, shutter, sensor = np.random.default_rng(seed), Shutter(1_000 / rate), Sensor(seed % (1 << 31))
    take, exposure = take_of(person, at, lamps, shutter.times(lamps, rng), seed), 0.0
    for at_ms, light in zip(take.times, kinds()[name].frames(take), strict=True):
        if not exposure:  # metered before the first light, then locked
            exposure = _exposure(light, person.box)
        gain = max(1.0, exposure**0.5)
        yield shutter.stamp(at_ms, rng), shot(light, sensor, exposure, gain)


def take_of(person: Person, at: Setting, lamps: Lighting, times: list[float], seed: int) -> Take:
    """What the species of a visit is given."""
    return Take(person, at, lamps, times, random.Random(f"{seed} of the species"))


def _exposure(light: Floats, box: tuple[float, float, float, float]) -> float:
    x, y, w, h = (int(v) for v in box)
    level = float(light[y : y + h, x : x + w].mean())
    return min(GAIN_MAX, OWN_LEVEL / max(level, 1e-4))


def strength(at: Setting, lamps: Lighting | None, at_ms: float) -> Floats:
    """The lamps of a shot, Hx2x3, in parts of the room's light."""
    return rows(lamps, at_ms) * np.float32(at.strength)
