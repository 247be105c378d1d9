"""Prescriptions that were taken and not sold go back: the next pharmacy must get them (`rx.free`, asked
until it is answered)."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.books.locks import Lock
from edge.core.effects import Effect
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.types import BillStatus, Json, Now

SOLD: Final = frozenset({BillStatus.SETTLED, BillStatus.ADJUSTED})
NOT_SOLD: Final = frozenset({BillStatus.REFUSED, BillStatus.REJECTED, BillStatus.CANCELLED})


class PrescriptionDesk:
    """Looks after `Site.locks`; implements `parts.Part`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking = Asking(site)
        self._asked = ""  # the prescription that is being given back

    def start(self, now: Now) -> list[Effect]:
        """What the power interrupted is decided by the bills."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One event."""
        if not self._site.locks.all():
            self._forget()
            return []
        effects: list[Effect] = []
        if isinstance(event, events.Told) and self._asking.takes(event):
            done, self._asked = self._asked, ""
            effects += self._site.locks.drop(done)
        if isinstance(event, events.Tick):
            again, gave_up = self._asking.due(now)
            self._asked = "" if gave_up else self._asked
            effects += again
        for lock in self._site.locks.all():
            state = self._site.book.get(lock.bill_id)
            if state is not None and state.status in SOLD:
                effects += self._site.locks.drop(lock.rxno)
        return effects + self._give_back(now)

    def deadline(self) -> int | None:
        """The next repetition of the question."""
        return self._asking.deadline()

    def closed(self) -> str:
        """This part stops nothing."""
        return ""

    def status(self, _now: Now) -> Json:
        """How many this pharmacy holds."""
        return {"prescriptions_held": len(self._site.locks.all())}

    def _give_back(self, now: Now) -> list[Effect]:
        """One at a time, and only with the network: without it the lock is still ours to use."""
        back = [lock for lock in self._site.locks.all() if lock.giving_back or self._unsold(lock)]
        if self._asked and self._asked not in (lock.rxno for lock in back):
            self._forget()  # taken anew meanwhile: it stays
        if not back or self._asked or not self._site.link_up:
            return []
        self._asked = back[0].rxno
        noted = self._site.locks.give_back(self._asked)
        return noted + self._asking.put("rx.free", {"hiRxno": self._asked}, now)

    def _unsold(self, lock: Lock) -> bool:
        state = self._site.book.get(lock.bill_id)
        return state is None or state.status in NOT_SOLD

    def _forget(self) -> None:
        self._asking.drop()
        self._asked = ""
