"""A message arrives with other bytes than it had: bits turned, an end missing, rubbish behind it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sim.world.net import WAYS, Message

if TYPE_CHECKING:
    from sim.world import World

A_DAY = 8.0


def strike(world: World, dice: Random) -> None:
    """The next one of a kind, and sometimes the right one behind it."""
    spared = dice.random() < 0.3

    def change(message: Message) -> list[Message]:
        data = bytearray(message.payload)
        how = dice.choice(("bit", "bit", "bits", "cut", "more"))
        if how == "cut":
            del data[dice.randrange(len(data)) :]
        elif how == "more":
            data += dice.randbytes(dice.randint(1, 64))
        else:
            for _ in range(1 if how == "bit" else 20):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        altered = replace(message, payload=bytes(data), noise=bytes(data) != message.payload)
        return [altered, message] if spared else [altered]

    world.net.arm(dice.choice(WAYS), change)
