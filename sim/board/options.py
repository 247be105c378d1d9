"""How a simulated board is made."""

from __future__ import annotations

from msgspec import Struct


class Options(Struct, frozen=True):
    """How a board is made. `runtime` "" is a chip with another program, "none" an empty one."""

    real: bool = True
    seed: int = 1
    first_ticks_ms: int = 0  # what ticks_ms() begins with: near 2^30 to see it wrap
    uid: str = "e661640843123456"
    family: str = "rp2040"
    machine: str = "Raspberry Pi Pico with RP2040"
    runtime: str = "1.29.0"
