"""The camera freezes and comes back."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.board import find, lose
from sim.world.time import SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 2.0


def strike(world: World, dice: Random) -> None:
    """For seconds or minutes."""
    lose(world.device, "camera")
    world.time.at(dice.choice((3, 20, 600)) * SECOND_MS, lambda: find(world.device, "camera"))
