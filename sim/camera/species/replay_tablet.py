"""A film of the person on a tablet, taken in ordinary light."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import recording
from sim.camera.species._screen import screen
from sim.camera.visit import Take

LEVEL = 1


def frames(take: Take) -> Iterator[Floats]:
    """Held before the camera."""
    return screen(take, recording(take, None), aspect=0.75, wide=330.0)
