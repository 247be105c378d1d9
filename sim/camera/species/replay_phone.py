"""The film of an earlier visit on a phone: the person under lamps that played another sequence."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera import visit
from sim.camera.pixels import Floats
from sim.camera.species._common import recording
from sim.camera.species._screen import screen

LEVEL = 1


def frames(take: visit.Take) -> Iterator[Floats]:
    """A phone is narrower than a face at life size: it is held nearer."""
    return screen(take, recording(take, visit.lighting(take.rng)), aspect=0.56, wide=250.0)
