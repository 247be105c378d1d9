"""A mask of resin in the form of the person's head. Light alone does not stop it: it has the
form.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera.pixels import Floats
from sim.camera.species._common import worn
from sim.camera.visit import Take

LEVEL = 3


def frames(take: Take) -> Iterator[Floats]:
    """Somebody wears it."""
    return worn(take, "head", inked=False)
