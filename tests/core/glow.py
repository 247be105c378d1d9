"""Faces as numbers: what a surface of a given form would return of the lamps. For the pure tests;
pictures come from sim/camera.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness.heads import TWINS
from edge.core.liveness.regions import REGIONS, Region
from edge.core.liveness.response import EXPOSURE_MS, Lighting, shown
from edge.core.liveness.sequence import Sequence, draw

SHOT_MS = 66
FACE = struct.pack("<192f", *([192**-0.5] * 192))  # whoever is before the camera; of every fifth shot it is measured
MEASURED_EVERY = 5
BOX = (0.35, 0.3, 0.3, 0.4)
Turn = Callable[[Region], float]


TURN = 0.18  # tangent of the angle between lamp and camera, seen from the face: 8 cm at 45


HEADS = {
    REGIONS[number].point: side * pair.head
    for pair in TWINS for number, side in ((pair.left, 1), (pair.right, -1))
}  # fmt: skip


def head(region: Region) -> float:
    """A mean head's, on a face that bends around."""
    return math.tanh(HEADS.get(region.point, 0.0) / 2) / TURN + bent(region)


def shallow(region: Region) -> float:
    """A third of a head's: more than a sheet has, and too little."""
    return head(region) / 3


def flat(_region: Region) -> float:
    """A sheet held straight."""
    return 0.0


def bent(region: Region) -> float:
    """A sheet bent around an upright axis by 35 degrees at its sides."""
    return 1.6 * region.x


def rolled(region: Region) -> float:
    """A sheet bent around a slanting axis, the more the farther out."""
    u = region.x + 0.6 * region.y
    return 1.2 * u + 1.5 * u**3


class Scene(Struct, frozen=True):
    """gain: of one white lamp. late_ms: when the surface answers. noise: of a region in a shot."""

    turn: Turn = head
    gain: float = 0.15
    late_ms: float = 0.0
    noise: float = 0.002
    own: tuple[float, float, float] = (0.35, 0.28, 0.22)
    crosstalk: float = 0.12
    live: float = 0.9


def sequence(seed: int = 1) -> Sequence:
    return draw(random.Random(seed).randbytes(16), "T-1")


def lighting(seq: Sequence, start_ms: float = 10_000.0) -> Lighting:
    """Without a gap, so that darkness between two sequences lasts a step."""
    begins = tuple(start_ms + n * seq.step_ms for n in range(len(seq.steps)))
    return Lighting(seq, begins, start_ms + seq.length_ms)


def shots(scene: Scene, lamps: Lighting, seed: int = 1, *, every_ms: int = SHOT_MS) -> tuple[LookSeen, ...]:
    """What the vision driver would say while the lamps play."""
    rng = random.Random(seed)
    skin = [rng.uniform(0.6, 1.4) for _ in REGIONS]
    noise = random.Random(f"{seed} {lamps.lit_ms[0]}")  # the same face at another time has another
    begin, end = int(lamps.lit_ms[0]) - 3 * every_ms, int(lamps.end_ms + EXPOSURE_MS) + every_ms
    out = []
    for number, at_ms in enumerate(range(begin + rng.randrange(every_ms), end, every_ms)):
        left, right = shown(lamps, at_ms - scene.late_ms)
        glow = []
        for albedo, region in zip(skin, REGIONS, strict=True):
            turn = max(-4.5, min(4.5, scene.turn(region))) * TURN
            falls = 1 - 0.4 * (region.x**2 + region.y**2)
            for c in range(3):
                one, other = _channel(left, c, scene.crosstalk), _channel(right, c, scene.crosstalk)
                lamp = scene.gain * falls * ((1 + turn) * one + (1 - turn) * other)
                glow.append(scene.own[c] * albedo * (1 + lamp) + noise.gauss(0, scene.noise))
        out.append(
            LookSeen(
                number, at_ms, None, live=scene.live, box=BOX, glow=tuple(glow),
                face=b"" if number % MEASURED_EVERY else FACE,
            )
        )  # fmt: skip
    return tuple(out)


def _channel(lamp: tuple[float, float, float], c: int, crosstalk: float) -> float:
    return sum(v * (1 - 2 * crosstalk if n == c else crosstalk) for n, v in enumerate(lamp))

