"""The desk: where HTTP waits for the owner. Screens for subscribers, replies for calls, news for
long-polls.

Everything here runs on the owner's loop; there are no locks. Each waiting list has a bound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from edge.core.effects import Changed, Reply, Show, Speak
from edge.core.types import Json
from edge.errors import EdgeError

CALLS_MAX: Final = 128  # HTTP has its own, smaller bound; this one is the last
POLLS_MAX: Final = 256
SCREENS_MAX: Final = 16
FIRST_SCREEN: Final = Show(name="out_of_service", visit=0, fields={"code": "starting"})


class Desk:
    """Bounded meeting point of the HTTP tasks and the owner."""

    def __init__(self) -> None:
        self._calls: dict[int, asyncio.Future[tuple[int, Json]]] = {}
        self._last_call = 0
        self._polls: dict[str, set[asyncio.Future[None]]] = {}
        self._polls_count = 0
        self._watchers: set[_Newest] = set()
        self.screen = FIRST_SCREEN

    # -- from the owner, through the rim -----------------------------------------------------------
    def show(self, show: Show) -> None:
        """Put a screen up: every watcher gets it, a slow one gets only the newest."""
        self.screen = show
        for watcher in self._watchers:
            watcher.put(show)

    def speak(self, speak: Speak) -> None:
        """Have it said where the screen is shown; what nobody watched for is not said later."""
        for watcher in self._watchers:
            watcher.put(speak)

    def reply(self, reply: Reply) -> None:
        """Answer a waiting call; a caller that went away is no error."""
        waiting = self._calls.pop(reply.call, None)
        if waiting is not None and not waiting.done():
            waiting.set_result((reply.status, reply.body))

    def changed(self, changed: Changed) -> None:
        """Wake the long-polls of a bill."""
        for waiting in self._polls.pop(changed.bill_id, set()):
            if not waiting.done():
                waiting.set_result(None)

    # -- from HTTP ---------------------------------------------------------------------------------
    def open_call(self) -> tuple[int, asyncio.Future[tuple[int, Json]]]:
        """A fresh call id and its answer to come. E-HIS-27."""
        if len(self._calls) >= CALLS_MAX:
            raise EdgeError("E-HIS-27", f"{CALLS_MAX} requests are being decided already")
        self._last_call += 1
        answer: asyncio.Future[tuple[int, Json]] = asyncio.get_running_loop().create_future()
        self._calls[self._last_call] = answer
        return self._last_call, answer

    def forget_call(self, call: int) -> None:
        """The caller went away; its event stays."""
        self._calls.pop(call, None)

    async def news(self, bill_id: str, timeout_s: float) -> None:
        """Wait until the bill changes, at most `timeout_s`. E-HIS-27."""
        if self._polls_count >= POLLS_MAX:
            raise EdgeError("E-HIS-27", f"{POLLS_MAX} long-polls are waiting already")
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._polls.setdefault(bill_id, set()).add(waiting)
        self._polls_count += 1
        try:
            async with asyncio.timeout(timeout_s):
                await waiting
        except TimeoutError:
            return
        finally:
            self._polls_count -= 1
            others = self._polls.get(bill_id, set())
            others.discard(waiting)
            if not others:
                self._polls.pop(bill_id, None)

    async def screens(self) -> AsyncIterator[Show | Speak]:
        """Each screen from now on, and what is said to it. E-HIS-27."""
        if len(self._watchers) >= SCREENS_MAX:
            raise EdgeError("E-HIS-27", f"{SCREENS_MAX} screens are connected already")
        mine = _Newest()
        self._watchers.add(mine)
        try:
            while True:
                yield await mine.take()
        finally:
            self._watchers.discard(mine)


class _Newest:
    """A slot for a screen and one for words: a newer one replaces one that was not read."""

    def __init__(self) -> None:
        self._some = asyncio.Event()
        self._unread: dict[type, Show | Speak] = {}  # in the order in which they came

    def put(self, one: Show | Speak) -> None:
        self._unread.pop(type(one), None)
        self._unread[type(one)] = one
        self._some.set()

    async def take(self) -> Show | Speak:
        await self._some.wait()
        assert self._unread, "the flag is only set with something to read"
        one = self._unread.pop(next(iter(self._unread)))
        if not self._unread:
            self._some.clear()
        return one
