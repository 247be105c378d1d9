"""The centre's process dies and comes back with nothing but its database."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 1.0


def strike(world: World, dice: Random) -> None:
    """For seconds or hours."""
    world.net.restart_centre(dice.choice((10 * SECOND_MS, 10 * MINUTE_MS, 2 * HOUR_MS)))
