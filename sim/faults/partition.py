"""Nobody reaches anybody; the terminal notices late, by its keep-alive."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sim.world.time import HOUR_MS, MINUTE_MS, SECOND_MS

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 2.0


def strike(world: World, dice: Random) -> None:
    """For seconds or hours."""
    lasts_ms = dice.choice((20 * SECOND_MS, 5 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS))
    world.net.cut(lasts_ms, noticed_ms=dice.randint(0, 20 * SECOND_MS))
