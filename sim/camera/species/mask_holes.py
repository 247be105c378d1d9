"""A mask of folded paper, printed, with holes for the eyes, which are alive: a nose of flat pieces."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import worn
from sim.camera.visit import Take

LEVEL = 2


def frames(take: Take) -> Iterator[Floats]:
    """Somebody wears it."""
    return worn(take, "pierced", inked=True)
