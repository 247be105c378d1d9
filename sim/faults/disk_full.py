"""The disk is full, or nearly, and has room again later."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.platter import ROOMY
from sim.world.time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 1.0


def strike(world: World, dice: Random) -> None:
    """For minutes or hours."""
    disk = world.device.disk
    disk.free_bytes = dice.choice((0, 10_000, 200_000))

    def room() -> None:
        disk.free_bytes = ROOMY

    world.time.at(dice.choice((2 * MINUTE_MS, 40 * MINUTE_MS, 2 * HOUR_MS)), room)
