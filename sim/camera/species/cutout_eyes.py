"""A print worn around the head, with holes for the eyes, which are alive."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import worn
from sim.camera.visit import Take

LEVEL = 1


def frames(take: Take) -> Iterator[Floats]:
    """Somebody wears it."""
    return worn(take, "wrapped", inked=True)
