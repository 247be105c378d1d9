"""Somebody copies the ledger's files at this moment, with the keys, and runs the copy later.

Played when everything else is over (`sim/world/thief.py`): the centre must see the fork, and nothing
is settled twice."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 0.4


def strike(world: World, dice: Random) -> None:
    """The first copy of a world counts."""
    world.steal(dice)
