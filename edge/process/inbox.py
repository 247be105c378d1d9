"""The inbox: everything that happens comes through here, in order, with a bound for each kind.

What a sensor says is worth little a moment later: the oldest of its kind gives way. What the broker
brings may be lost (answers are cumulative and are sent again). Everything else moves money or the
link and is never dropped: too many of those is a mistake of ours, and the process ends rather than
guess (E-SYS-03).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from edge.core.events import (
    BoardHealth,
    BoardLine,
    CardRead,
    CodeSeen,
    CodeUnread,
    Event,
    LookSeen,
    Nearby,
    Pressed,
)
from edge.drivers.broker import Message
from edge.errors import EdgeError

INBOX_MAX: Final = 256
TURN_EVENTS_MAX: Final = 64
# How many of a kind may wait; the oldest of the kind gives way.
GIVE_WAY: Final[dict[type, int]] = {
    LookSeen: 16,
    Nearby: 4,
    BoardHealth: 2,
    BoardLine: 2,
    CodeSeen: 8,
    CodeUnread: 2,
    CardRead: 8,
    Pressed: 32,
    Message: 64,
}

Incoming = Event | Message


class Inbox:
    """A bounded queue for one loop. `put` is for that loop; `post` for any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Incoming] = deque()
        self._some = asyncio.Event()
        self._broken: EdgeError | None = None
        self.dropped = 0  # events that gave way, since the start

    def __len__(self) -> int:
        return len(self._waiting)

    def post(self, event: Incoming) -> None:
        """From any thread; returns at once. After the loop has ended there is nobody to tell."""
        try:
            self._loop.call_soon_threadsafe(self.put, event)
        except RuntimeError:
            return

    def put(self, event: Incoming) -> None:
        """From the loop."""
        limit = GIVE_WAY.get(type(event))
        if limit is not None:
            alike = [waiting for waiting in self._waiting if type(waiting) is type(event)]
            if len(alike) >= limit:
                self._remove(alike[0])
        elif len(self._waiting) >= INBOX_MAX:
            self._broken = EdgeError(
                "E-SYS-03",
                f"{len(self._waiting)} events wait, at most {INBOX_MAX} fit",
                "the process restarts; nothing recorded is lost",
            )
            self._some.set()
            return
        self._waiting.append(event)
        self._some.set()

    async def take(self, timeout_s: float) -> list[Incoming]:
        """Up to TURN_EVENTS_MAX events, waiting at most `timeout_s` for the first. E-SYS-03."""
        if not self._waiting and self._broken is None and timeout_s > 0:
            self._some.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._some.wait()
            except TimeoutError:
                return []
        if self._broken is not None:
            raise self._broken
        count = min(len(self._waiting), TURN_EVENTS_MAX)
        return [self._waiting.popleft() for _ in range(count)]

    def _remove(self, event: Incoming) -> None:
        # By identity: two presses may be equal, and it is the oldest that goes.
        for index, waiting in enumerate(self._waiting):
            if waiting is event:
                del self._waiting[index]
                self.dropped += 1
                return
