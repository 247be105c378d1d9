"""A screen that watches the lamps and tints its film as they shine, each side as its own lamp:
late by a camera's shot, a computation and a refresh, and in a screen's colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from edge.core.liveness.response import shown
from sim.camera.pixels import Floats
from sim.camera.species._common import recording
from sim.camera.species._screen import screen
from sim.camera.visit import Take

LEVEL = 2
LATE_MS = (60.0, 180.0)
GAMUT = np.array([[0.80, 0.12, 0.04], [0.10, 0.78, 0.10], [0.03, 0.12, 0.82]], np.float32)


Tinted = Callable[[float, Floats], Floats]  # ms, places across -0.5..0.5 -> gains


def tint_of(take: Take) -> Tinted:
    """The best that a screen can do: as strong as on skin, left and right apart."""
    late, strong = take.rng.uniform(*LATE_MS), take.at.strength * take.rng.uniform(0.7, 1.2)

    def tint(at_ms: float, across: Floats) -> Floats:
        seen = shown(take.lighting, at_ms - late)
        left, right = (GAMUT @ np.array(lamp, np.float32) for lamp in seen)
        side = across[..., None]
        return np.asarray(1 + strong * (left * (1 + side) + right * (1 - side)), np.float32)

    return tint


def frames(take: Take) -> Iterator[Floats]:
    """Watching the lamps, all the time."""
    tinted = tint_of(take)

    def tint(at_ms: float, wide: int) -> Floats:
        return tinted(at_ms, np.linspace(-0.5, 0.5, wide, dtype=np.float32)[None, :])

    return screen(take, recording(take, None), aspect=0.75, wide=330.0, tint=tint)
