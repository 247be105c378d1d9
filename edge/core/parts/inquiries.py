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
from edge.core.sync.calling import Calling, why_not
from edge.core.types import Json, Now
from edge.core.visit import errand
from edge.core.visit.errand import Errand

ASKED: Final = frozenset({"orders", "order.decline", "prices"})
BUSY: Final = ("E-HIS-35", "Another question is under way", "ask again in a moment")


class Inquiries:
    """Implements `parts.Part`."""

    def __init__(self, site: Site, errands: Errands) -> None:
        self._errands = errands
        self._calling = Calling(site, BUSY)
        self._show = False

    def start(self, now: Now) -> list[Effect]:
        """Nothing survives a restart."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One event."""
        match event:
            case events.Inquired():
                return self._asked(event, now)
            case events.Told() if self._calling.takes(event):
                return self._told(event)
            case _:
                return self._calling.step(event, now)

    def deadline(self) -> int | None:
        """The next repetition."""
        return self._calling.deadline()

    def closed(self) -> str:
        """This part stops nothing."""
        return ""

    def status(self, _now: Now) -> Json:
        """Nothing to say."""
        return {}

    def _asked(self, event: events.Inquired, now: Now) -> list[Effect]:
        assert event.what in ASKED, event.what
        effects = self._calling.ask(event.call, event.what, event.body, now)
        if self._calling.call == event.call:
            self._show = event.show
        return effects

    def _told(self, event: events.Told) -> list[Effect]:
        call, self._calling.call = self._calling.call, 0
        if event.infcode == 0:
            if self._show:
                self._errands.show(Errand(0, errand.PRICES, told=event.body))
            return [Reply(call, 200, event.body)]
        why = why_not(event.body, "unknown")
        return [Reply(call, *problem(422, "E-HIS-62", why, "see what the centre says"))]
