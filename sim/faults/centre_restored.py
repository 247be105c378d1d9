"""The centre is restored from a backup: its database goes back to an earlier moment.

Must be noticed: a terminal that holds a later checkpoint stops accepting offline; nothing is lost
there. The newest database comes back when the faults are over (`World.heal`)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 0.7


def strike(world: World, dice: Random) -> None:
    """The backup is made now and comes back after minutes or hours, once in a world."""
    backup = world.net.snapshot()
    age_ms = dice.choice((MINUTE_MS, 20 * MINUTE_MS, 2 * HOUR_MS))
    world.time.at(age_ms, lambda: world.restore_centre(backup))
