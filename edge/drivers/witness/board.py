"""The controller's flash (firmware/witness.py): it holds the head itself. What it says comes with
the controller's other events (`Witnessed`, after `BoardUp` and after each head)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from edge.core.events import Counted
from edge.core.types import Head
from edge.drivers.witness import Holder


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set: the cable is in [board]."""


class Driver:
    """Implements `drivers.witness.Witness`."""

    def __init__(self, options: Options, board: Holder) -> None:
        self.options = options
        self._board = board

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[Counted], None]) -> None:
        """The controller is asked when it comes up."""

    def hold(self, head: Head | None) -> None:
        """Over the cable."""
        self._board.witness(head)

    def count(self, what: str, to: int) -> None:
        """It holds heads; it was never said to count, so nobody asks."""

    def stop(self) -> None:
        """The cable is stopped with the controller."""
