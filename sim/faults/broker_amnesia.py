"""The broker restarts without its persistence: what it had acknowledged and not passed on is gone."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 2.0


def strike(world: World, dice: Random) -> None:
    """For a second or a minute or so."""
    world.net.restart_broker(dice.choice((1, 10, 90)) * SECOND_MS, forgets=True)
