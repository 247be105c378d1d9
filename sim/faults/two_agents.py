"""Somebody starts a second agent on the same ledger: it must be refused (E-STO-04)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 1.0


def strike(world: World, _dice: Random) -> None:
    """While the first one runs."""
    world.second_agent()
