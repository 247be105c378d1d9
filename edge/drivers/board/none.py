"""No controller: lamps and sounds go nowhere, cards and buttons come from the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from edge.core.types import Head
from edge.drivers.board import BoardEvent


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


class Driver:
    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[BoardEvent], None]) -> None:
        """Says nothing: a terminal without a controller has not lost one."""

    def light(self, pattern: str) -> None:
        """Dark anyway."""

    def buzz(self, pattern: str) -> None:
        """Silent anyway."""

    def witness(self, head: Head | None) -> None:
        """Nobody vouches for the ledger."""

    def challenge(self, number: int, step_ms: int, colours: Sequence[str]) -> None:
        """No lamps."""

    def emit(self, emitter: str, ms: int) -> None:
        """No emitters."""

    def clear_tamper(self, switches: Sequence[str]) -> None:
        """No switches."""

    def stop(self) -> None:
        """Nothing runs."""
