"""A print held at its sides, bent by 30 to 50 degrees: the curve of a head, without its nose."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import paper
from sim.camera.visit import Take

LEVEL = 1


def frames(take: Take) -> Iterator[Floats]:
    """Trembling in the hand."""
    return paper(take, bend=take.rng.uniform(0.5, 0.9))
