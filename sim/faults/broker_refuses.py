"""The broker says no to an envelope it could have taken (MQTT 5 reason code, quota)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sim.world.net import UP

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 6.0


def strike(world: World, dice: Random) -> None:
    """The next one or few."""
    for _ in range(dice.choice((1, 1, 4))):
        world.net.arm(UP, lambda message: [replace(message, refused=True)])
