"""A living person: bona fide."""

from __future__ import annotations

from collections.abc import Iterator

from sim.camera import acting
from sim.camera.pixels import Floats
from sim.camera.solid import Solid
from sim.camera.visit import Take

LEVEL = 0
BLINK_S = 0.12  # to each side of its middle
SHUT_AT_S = 0.6  # in acting.blink


def frames(take: Take) -> Iterator[Floats]:
    """They stand there, breathe and may blink."""
    head, pose = Solid(take.person.plate, take.person.look), poses(take)
    for at_ms in take.times:
        yield head.lit(pose(take.seconds(at_ms)), take.lamps(at_ms), take.at.level)


def poses(take: Take) -> acting.Motion:
    """How they hold their head."""
    habits = take.person.habits
    motion, shut = acting.front(habits), acting.blink(habits)
    blink = take.rng.uniform(0.3, 6.0)  # s; often none within the look
    return lambda t: shut(SHUT_AT_S + t - blink) if abs(t - blink) <= BLINK_S else motion(t)
