"""A message takes long, and others overtake it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sim.world.net import WAYS
from sim.world.time import SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 12.0


def strike(world: World, dice: Random) -> None:
    """The next ones of a kind: longer than a patient's patience, or than the outbox's."""
    way, delay_ms = dice.choice(WAYS), dice.choice((3, 15, 45, 600)) * SECOND_MS
    for _ in range(dice.choice((1, 1, 3))):
        world.net.arm(way, lambda message: [replace(message, delay_ms=delay_ms)])
