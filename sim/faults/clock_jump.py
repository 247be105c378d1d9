"""The terminal's wall clock is wrong for a while, ahead or behind (no battery, a bad time server)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 1.0
OFF_MS = (-3 * DAY_MS, -2 * HOUR_MS, -90 * SECOND_MS, -10 * SECOND_MS, 5 * MINUTE_MS, 3 * DAY_MS)


def strike(world: World, dice: Random) -> None:
    """A step now; another one back after minutes or hours."""
    device = world.device
    device.clock_off_ms = dice.choice(OFF_MS)

    def right() -> None:
        device.clock_off_ms = 0

    world.time.at(dice.choice((MINUTE_MS, 20 * MINUTE_MS, 3 * HOUR_MS)), right)
