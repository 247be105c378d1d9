"""The port to whoever knows how far this ledger had come: one file per way to have one (`board`,
`tpm`, `none`).

Two kinds there are. One holds the head itself (`hold`), the other can only count (`count`); the
core has a part for each and a driver serves the one it can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from edge.core.events import Counted
from edge.core.types import Head


class Holder(Protocol):
    """What a driver may use of the controller (`drivers.board.Board` is one)."""

    def witness(self, head: Head | None) -> None: ...


class Witness(Protocol):
    """Lives on the agent's loop and never blocks it."""

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[Counted], None]) -> None:
        """Begin; a counter says at once where it stands. Never raises for what the world does."""

    def hold(self, head: Head | None) -> None:
        """Ask what is held, or hold this head. -> Witnessed, through whoever holds it."""

    def count(self, what: str, to: int) -> None:
        """"make" a counter, or let it "rise" to `to`. -> Counted, always, within a named time."""

    def stop(self) -> None:
        """For ever; nothing is posted afterwards."""
