"""The plug is pulled: at any moment, or at a boundary of the next turn that has something durable."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.terminal import CUTS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 4.0


def strike(world: World, dice: Random) -> None:
    """Now or soon. What was not synced may be there, gone, or torn."""
    world.device.cut_dice = dice
    if dice.random() < 0.2:
        world.device.power_cut()
    elif world.device.alive:
        world.device.cut_at = dice.choice(CUTS)
