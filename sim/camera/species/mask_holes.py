"""A mask of folded paper, printed, with holes for the eyes, which are alive: a nose of flat pieces."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera import acting
from sim.camera.pixels import Floats
from sim.camera.solid import Solid
from sim.camera.visit import Take

LEVEL = 2


def frames(take: Take) -> Iterator[Floats]:
    """Somebody wears it and stands still."""
    head = Solid(take.person.plate, take.person.look, shape="pierced", inked=True)
    motion, late = acting.front(take.person.habits), take.rng.uniform(0, 3)
    for at_ms in take.times:
        yield head.lit(motion(take.seconds(at_ms) + late), take.lamps(at_ms), take.at.level)
