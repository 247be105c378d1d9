"""What is to be done at its time, in order; the clock is somebody else's."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

WAITING_MAX = 10_000
NEVER = 1 << 62


class Timers:
    """At most WAITING_MAX; one more is not taken."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, us: int, do: Callable[[], None]) -> None:
        """Of two at the same time, the one that was asked for first."""
        if len(self._waiting) < WAITING_MAX:
            heapq.heappush(self._waiting, (us, next(self._order), do))

    def due_us(self) -> int:
        """When the next one is due; NEVER."""
        return self._waiting[0][0] if self._waiting else NEVER

    def run(self, now_us: int) -> None:
        """Do what is due."""
        while self._waiting and self._waiting[0][0] <= now_us:
            heapq.heappop(self._waiting)[2]()
