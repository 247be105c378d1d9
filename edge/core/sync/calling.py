"""A question that somebody's call waits for: one at a time, repeated until the centre answers, given up
with the network."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.books.his import problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import Json, Now

NO_NETWORK: Final = ("E-HIS-38", "The centre cannot be asked now", "try again with the network")
WHY_CHARS_MAX: Final = 40


class Calling:
    """`call` is whose question is under way; 0 = nobody's."""

    def __init__(self, site: Site, busy: tuple[str, str, str]) -> None:
        self._site, self._busy = site, busy
        self._asking = Asking(site)
        self.call = 0

    def ask(self, call: int, what: str, body: Json, now: Now) -> list[Effect]:
        """The question, or at once why it cannot be asked."""
        if not self._site.link_up:
            return [Reply(call, *problem(503, *NO_NETWORK))]
        if self._asking.open:
            return [Reply(call, *problem(409, *self._busy))]
        self.call = call
        return self._asking.put(what, body, now)

    def takes(self, event: events.Told) -> bool:
        """Whether this is the answer: then nothing is under way any more, and `call` is to be told."""
        return self._asking.takes(event)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """What the network and the clock do to a question."""
        match event:
            case events.LinkLost():
                self._asking.drop()
                return self._give_up()
            case events.Tick():
                again, gave_up = self._asking.due(now)
                return self._give_up() if gave_up else again
            case _:
                return []

    def deadline(self) -> int | None:
        """The next repetition."""
        return self._asking.deadline()

    def _give_up(self) -> list[Effect]:
        call, self.call = self.call, 0
        return [Reply(call, *problem(503, *NO_NETWORK))] if call else []


def why_not(body: Json, otherwise: str) -> str:
    """The code of a refusal, as short as a problem's title may be."""
    code = body.get("code", "")
    return (code if isinstance(code, str) and code else otherwise)[:WHY_CHARS_MAX]
