"""A message arrives twice, the second time whenever."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sim.world.net import WAYS
from sim.world.time import HOUR_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 12.0


def strike(world: World, dice: Random) -> None:
    """The next one of a kind."""
    later_ms = dice.choice((0, 5, 1_000, 30_000, HOUR_MS))
    world.net.arm(
        dice.choice(WAYS),
        lambda message: [message, replace(message, delay_ms=message.delay_ms + later_ms)],
    )
