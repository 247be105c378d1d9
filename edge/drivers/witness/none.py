"""No witness: an old copy of the ledger is found by the centre, at the next contact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from edge.core.events import Counted
from edge.core.types import Head
from edge.drivers.witness import Holder


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


class Driver:
    """Implements `drivers.witness.Witness`."""

    def __init__(self, options: Options, board: Holder) -> None:
        self.options = options

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[Counted], None]) -> None:
        """Says nothing: nobody vouches."""

    def hold(self, head: Head | None) -> None:
        """Nobody holds it."""

    def count(self, what: str, to: int) -> None:
        """Nobody counts, so nobody asks."""

    def stop(self) -> None:
        """Nothing runs."""
