"""The port to the I/O controller: one file per way to have one (`serial_port`, `none`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from edge.core.link_words import BoardEvent
from edge.core.types import Head

__all__ = ["Board", "BoardEvent"]


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

    def challenge(self, number: int, step_ms: int, colours: Sequence[str]) -> None:
        """Show these colours (wire.frame.COLOURS) in a row. -> Lit."""

    def emit(self, emitter: str, ms: int) -> None:
        """"infrared" or "white" for so long, 0 = off. -> Emitted, with what its limits granted."""

    def clear_tamper(self, switches: Sequence[str]) -> None:
        """Forget that these were open; those that still are stay. -> Tampered."""

    def stop(self) -> None:
        """For ever; nothing is posted afterwards."""
