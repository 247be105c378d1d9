"""What is only asked of the centre on somebody's behalf: orders that wait for this pharmacy, prices of a
drug nearby. One question at a time; the answer goes to the call as the centre gave it."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.books.his import problem
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.parts.errands import Errands
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import Json, Now
from edge.core.visit import errand
from edge.core.visit.errand import Errand

ASKED: Final = frozenset({"orders", "order.decline", "prices"})
NO_NETWORK: Final = ("E-HIS-38", "The centre cannot be asked now", "try again with the network")
BUSY: Final = ("E-HIS-35", "Another question is under way", "ask again in a moment")


class Inquiries:
    """Implements `parts.Part`."""

    def __init__(self, site: Site, errands: Errands) -> None:
        self._site, self._errands = site, errands
        self._asking = Asking(site)
        self._call = 0
        self._show = False

    def start(self, now: Now) -> list[Effect]:
        """Nothing survives a restart."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One event."""
        match event:
            case events.Inquired():
                return self._asked(event, now)
            case events.Told() if self._asking.takes(event):
                return self._told(event)
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

    def closed(self) -> str:
        """This part stops nothing."""
        return ""

    def status(self, _now: Now) -> Json:
        """Nothing to say."""
        return {}

    def _asked(self, event: events.Inquired, now: Now) -> list[Effect]:
        assert event.what in ASKED, event.what
        if not self._site.link_up:
            return [Reply(event.call, *problem(503, *NO_NETWORK))]
        if self._asking.open:
            return [Reply(event.call, *problem(409, *BUSY))]
        self._call, self._show = event.call, event.show
        return self._asking.put(event.what, event.body, now)

    def _told(self, event: events.Told) -> list[Effect]:
        call, self._call = self._call, 0
        if event.infcode == 0:
            if self._show:
                self._errands.show(Errand(0, errand.PRICES, told=event.body))
            return [Reply(call, 200, event.body)]
        code = event.body.get("code", "")
        why = code if isinstance(code, str) and code else "unknown"
        return [Reply(call, *problem(422, "E-HIS-62", why[:40], "see what the centre says"))]

    def _give_up(self) -> list[Effect]:
        call, self._call = self._call, 0
        return [Reply(call, *problem(503, *NO_NETWORK))] if call else []
