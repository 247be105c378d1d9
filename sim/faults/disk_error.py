"""The disk reports an I/O error once: the process must end, start again and read what there is.

A sync that failed has marked clean what it did not write (fsyncgate), so a later power cut takes
what the page cache still showed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 2.0


def strike(world: World, dice: Random) -> None:
    """At one of the next operations."""
    disk = world.device.disk
    disk.fail_what = dice.choice(("sync", "sync", "write"))
    disk.fail_after = dice.choice((0, 0, 1, 5, 30))
