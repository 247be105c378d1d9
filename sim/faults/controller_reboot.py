"""The controller restarts: no lamps, no card reader for a moment."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.board import find, lose
from sim.world.time import SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 2.0


def strike(world: World, dice: Random) -> None:
    """For seconds, or so long that somebody must look."""
    lose(world.device, "board")
    world.time.at(dice.choice((2, 10, 900)) * SECOND_MS, lambda: find(world.device, "board"))
