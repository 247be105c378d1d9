"""A message is overtaken by the one behind it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.net import WAYS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 12.0


def strike(world: World, dice: Random) -> None:
    """The next one of a kind."""
    world.net.arm(dice.choice(WAYS), world.net.hold)
