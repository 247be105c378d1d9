"""A message or a few are lost on their way, after the broker said that it has them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.net import WAYS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 12.0


def strike(world: World, dice: Random) -> None:
    """The next ones of one kind."""
    way = dice.choice(WAYS)
    for _ in range(dice.choice((1, 1, 2, 6))):
        world.net.arm(way, lambda _message: [])
