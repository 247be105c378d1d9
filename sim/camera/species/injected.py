"""No camera: an earlier visit's shots, fed into the terminal's input instead of the camera's."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from sim.camera import visit
from sim.camera.pixels import Floats
from sim.camera.species import live

LEVEL = 1


def frames(take: visit.Take) -> Iterator[Floats]:
    """The person alive, under the lamps of another visit: the nets have nothing to object to."""
    return live.frames(replace(take, lighting=visit.lighting(take.rng)))
