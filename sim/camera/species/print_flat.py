"""A print on office paper, held straight."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import paper
from sim.camera.visit import Take

LEVEL = 1


def frames(take: Take) -> Iterator[Floats]:
    """Trembling in the hand."""
    return paper(take)
