"""The cable between the host of a scenario and the board, with what may go wrong on a cable: every
packet is a list of (delay ms, bytes) after it. Dice are handed in, so a seed repeats a run."""

from __future__ import annotations

import random
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sim.board.hand.terminal import Flight

Share = Annotated[float, Meta(ge=0, le=1)]
PARTS_MAX = 4096


class Faults(Struct, frozen=True):
    """Shares are of packets. `split`: one byte at a time; `cut`: only the first half arrives."""

    way: Literal["both", "to_board", "from_board"] = "both"
    drop: Share = 0.0
    garble: Share = 0.0
    double: Share = 0.0
    cut: Share = 0.0
    split: bool = False
    delay_ms: Annotated[int, Meta(ge=0, le=10_000)] = 0

    def hits(self, *, to_board: bool) -> bool:
        """Whether this direction is touched."""
        return self.way == "both" or (self.way == "to_board") == to_board


def carry(data: bytes, faults: Faults, dice: random.Random) -> list[Flight]:
    """What becomes of one packet."""
    assert len(data) <= PARTS_MAX
    if dice.random() < faults.drop:
        return []
    if dice.random() < faults.garble:
        bad = bytearray(data)
        bad[dice.randrange(len(bad))] ^= dice.randrange(1, 256)
        data = bytes(bad)
    if dice.random() < faults.cut:
        data = data[: len(data) // 2]
    late = dice.randrange(faults.delay_ms + 1)
    parts = [bytes([one]) for one in data] if faults.split else [data]
    out: list[Flight] = [(late, part) for part in parts if part]
    if dice.random() < faults.double:
        out += [(late, data), (late + 40, data)]
    return out
