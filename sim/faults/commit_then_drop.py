"""The centre commits what a message asked for and dies before it can say so."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 4.0


def strike(world: World, dice: Random) -> None:
    """With the next message."""
    world.net.die_after_commit_ms = dice.randint(1, 30) * SECOND_MS
