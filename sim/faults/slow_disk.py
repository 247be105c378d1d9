"""Each commit takes long: everything else queues up behind it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import MINUTE_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 1.5


def strike(world: World, dice: Random) -> None:
    """For minutes."""
    disk = world.device.disk
    disk.latency_ms = dice.choice((200, 2_000, 20_000))

    def fast() -> None:
        disk.latency_ms = 0

    world.time.at(dice.choice((1, 10, 40)) * MINUTE_MS, fast)
