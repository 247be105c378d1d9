"""Prescriptions that were taken and not sold go back: the next pharmacy must get them (`rx.free`, asked
until it is answered). Before that the centre hears what was wrong with one (`incident`): its hospital's
signature did not hold, which stops nothing here, a person there must see it; and what the pharmacist
refused without the network (`rx.review`)."""

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
FREE, REVIEW, INCIDENT = "rx.free", "rx.review", "incident"
NOTHING: Final = ("", "")
NOT_SOLD: Final = frozenset({BillStatus.REFUSED, BillStatus.REJECTED, BillStatus.CANCELLED})


class PrescriptionDesk:
    """Looks after `Site.locks`; implements `parts.Part`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking = Asking(site)
        self._asked = ("", "")  # the prescription that is asked about, and with which question

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
            effects += self._answered()
        if isinstance(event, events.Tick):
            again, gave_up = self._asking.due(now)
            self._asked = NOTHING if gave_up else self._asked
            effects += again
        for lock in self._site.locks.all():
            state = self._site.book.get(lock.bill_id)
            if state is not None and state.status in SOLD and not lock.suspect:
                effects += self._site.locks.drop(lock.rxno)
        return effects + self._ask(now)

    def deadline(self) -> int | None:
        """The next repetition of the question."""
        return self._asking.deadline()

    def closed(self) -> str:
        """This part stops nothing."""
        return ""

    def status(self, _now: Now) -> Json:
        """How many this pharmacy holds."""
        return {"prescriptions_held": len(self._site.locks.all())}

    def _ask(self, now: Now) -> list[Effect]:
        """One at a time, and only with the network: without it the lock is still ours to use."""
        due = [(lock, what) for lock in self._site.locks.all() if (what := self._due(lock))]
        if self._asked not in [(lock.rxno, what) for lock, what in due]:
            self._forget()  # taken anew meanwhile: it stays
        if not due or self._asked != NOTHING or not self._site.link_up:
            return []
        lock, what = due[0]
        self._asked = (lock.rxno, what)
        if what == FREE:
            noted = self._site.locks.give_back(lock.rxno)
            return noted + self._asking.put(FREE, {"hiRxno": lock.rxno}, now)
        if what == REVIEW:
            return self._asking.put(REVIEW, _refusal(lock), now)
        head = self._site.ledger.head
        body = {"code": lock.suspect, "epoch": head.epoch, "seq": head.seq, "hash": head.hash}
        return self._asking.put(INCIDENT, body | {"rx": lock.rxno}, now)

    def _due(self, lock: Lock) -> str:
        """What the centre must hear of it next: what is wrong with it, that it was refused, that it is free."""
        if lock.suspect or lock.said_no is not None:
            return INCIDENT if lock.suspect else REVIEW
        return FREE if lock.giving_back or self._unsold(lock) else ""

    def _answered(self) -> list[Effect]:
        """Whatever the centre said, it has heard it."""
        (rxno, what), self._asked = self._asked, NOTHING
        locks = self._site.locks
        done = {FREE: locks.drop, REVIEW: locks.refusal_told, INCIDENT: locks.suspicion_told}
        return done[what](rxno)

    def _unsold(self, lock: Lock) -> bool:
        state = self._site.book.get(lock.bill_id)
        return state is None or state.status in NOT_SOLD

    def _forget(self) -> None:
        self._asking.drop()
        self._asked = NOTHING


def _refusal(lock: Lock) -> Json:
    assert lock.said_no is not None, "it is due"
    said = {"passed": False, "operator": lock.said_no.operator, "reason": lock.said_no.reason}
    return {"hiRxno": lock.rxno} | said
