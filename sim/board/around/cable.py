"""The UART cable between terminal and board, and what can be wrong with it, by seed."""

from __future__ import annotations

import random

from msgspec import Struct

BABBLE_BYTES = 24
DIRECTIONS = ("down", "up")  # to the board, to the host


class Faults(Struct, frozen=True):
    """Of one direction: chances per byte, a delay of the whole, and silence."""

    garble: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    delay_ms: float = 0.0
    mute: bool = False


class Cable:
    """Applies the faults of each direction to what passes."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"cable/{seed}")
        self.faults = {name: Faults() for name in DIRECTIONS}
        self.babbling = False

    def reseed(self, seed: int) -> None:
        self._dice = random.Random(f"cable/{seed}")

    def passes(self, direction: str, data: bytes) -> bytes:
        """What of `data` comes out at the other end."""
        now = self.faults[direction]
        if now.mute:
            return b""
        if not (now.garble or now.drop or now.duplicate):
            return data
        out = bytearray()
        for byte in data:
            if self._dice.random() < now.drop:
                continue
            flip = 1 << self._dice.randrange(8) if self._dice.random() < now.garble else 0
            out.append(byte ^ flip)
            if self._dice.random() < now.duplicate:
                out.append(byte ^ flip)
        return bytes(out)

    def babble(self) -> bytes:
        """What a floating line or a mad program says."""
        return self._dice.randbytes(BABBLE_BYTES)
