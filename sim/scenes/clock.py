"""Time of a run. On the wall: real seconds. In a board's virtual time: only what the run lets pass."""

from __future__ import annotations

import select
import time
from typing import Protocol

WALL_PATIENCE = 4  # a busy machine is late; promises of time are kept in virtual time


class Clock(Protocol):
    """Microseconds since the start of the run, and how they pass."""

    patience: int  # time-outs are so many times longer

    def now_us(self) -> int: ...

    def sleep(self, ms: int, fd: int | None) -> None:
        """Until `ms` have passed or bytes wait on `fd`."""


class Wall:
    """Real seconds."""

    def __init__(self) -> None:
        self.patience = WALL_PATIENCE
        self.began_us = time.monotonic_ns() // 1000

    def now_us(self) -> int:
        return time.monotonic_ns() // 1000 - self.began_us

    def sleep(self, ms: int, fd: int | None) -> None:
        select.select([fd] if fd is not None else [], [], [], ms / 1000)
