"""The port to the I/O controller: one file per way to have one (`serial_port`, `none`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from edge.core.events import BoardLost, BoardUp, CardRead, Pressed, Witnessed
from edge.core.types import Head

BoardEvent = BoardUp | BoardLost | CardRead | Pressed | Witnessed


class Board(Protocol):
    """Lives on the agent's loop and never blocks it. Until BoardUp the newest light is kept and
    sounds are dropped."""

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[BoardEvent], None]) -> None:
        """Begin; everything that happens is posted, from this loop. Never raises for what the
        world does."""

    def light(self, pattern: str) -> None:
        """off white guide left right ok no. The controller keeps the timing."""

    def buzz(self, pattern: str) -> None:
        """short ok no."""

    def witness(self, head: Head | None) -> None:
        """Ask what the witness holds, or make it hold this head. -> Witnessed, nothing when it is not
        up: the core asks again after BoardUp."""

    def stop(self) -> None:
        """For ever; nothing is posted afterwards."""
