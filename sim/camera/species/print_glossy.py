"""A photograph on glossy paper: it mirrors the lamps at a spot each."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import paper
from sim.camera.visit import Take

LEVEL = 1


def frames(take: Take) -> Iterator[Floats]:
    """Trembling in the hand."""
    return paper(take, gloss=0.8, bend=take.rng.uniform(0.0, 0.3))
