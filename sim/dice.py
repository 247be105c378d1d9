"""Randomness from a seed, in the form that the core takes."""

from __future__ import annotations

import random


class SeededDice:
    """`edge.core.types.Dice` from a seed, or from the dice of a run that go on."""

    def __init__(self, seed: str | int | random.Random) -> None:
        self._random = seed if isinstance(seed, random.Random) else random.Random(seed)

    def bytes(self, count: int) -> bytes:
        """`count` bytes."""
        return self._random.randbytes(count)

    def below(self, limit: int) -> int:
        """0 <= number < limit."""
        return self._random.randrange(limit)
