"""Bills whose fate nobody here knows. A timeout is UNKNOWN and never failure: the outbox sends the
same bytes again, and beside it the centre is asked what became of them (5203).

What it tells is shown, and settles nothing: the one way a bill becomes settled is the signed
answer with its receipt.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.core import events
from edge.core.effects import Effect
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.asking import Asking
from edge.core.tx import reverse
from edge.core.types import BillState, BillStatus, Json, Now, Unknown

# How long after the one before the centre is asked about a bill again. After the last only the signed
# answer, the end of the day or a reversal ends it.
PAUSES_MS: Final = (5_000, 60_000, 300_000, 1_800_000, 7_200_000)
INFNO: Final = "5203"


class Inquiry(Struct):
    """When a bill is asked about next."""

    asked: int
    due_ms: int


class UnknownBills:
    """Which bills are confirming, since when, and what the centre said when it was asked."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asking = Asking(site)
        self._about = ""  # the bill of the open question
        self._seen = -1  # `book.changes` when the bills were last looked at
        self._inquiries: dict[str, Inquiry] = {}

    def start(self, now: Now) -> list[Effect]:
        """What a crash left open was made confirming before."""
        return self._look(now)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Notice what became unknown, ask about one bill at a time."""
        effects: list[Effect] = []
        match event:
            case events.LinkLost():
                self._asking.drop()
                effects += self._advise(now)
            case events.LinkUp():
                for inquiry in self._inquiries.values():  # a new line, a new chance
                    inquiry.due_ms = min(inquiry.due_ms, now.mono_ms + PAUSES_MS[0])
                effects += self._advise(now)
            case events.Told() if self._asking.takes(event):
                effects += self._told(event, now)
            case _:
                pass
        effects += self._look(now)
        return effects + self._ask(now)

    def deadline(self) -> int | None:
        """The next question, or the next repetition."""
        if not self._site.link_up:
            return None
        if self._asking.open:
            return self._asking.deadline()
        return min((one.due_ms for one in self._open()), default=None)

    def closed(self) -> str:
        """Other patients are served meanwhile."""
        return ""

    def status(self, _now: Now) -> Json:
        """How many, and since when the oldest."""
        since = [one.unknown.since_utc_ms for one in self._bills() if one.unknown is not None]
        return {"unknown": len(since), "unknown_since_utc_ms": min(since, default=0)}

    # -- which -------------------------------------------------------------------------------------
    def _bills(self) -> list[BillState]:
        active = self._site.book.active()
        return [state for state in active if state.status is BillStatus.CONFIRMING]

    def _look(self, now: Now) -> list[Effect]:
        """Give each bill that is confirming its `unknown`, and take it from the others."""
        book, effects = self._site.book, list[Effect]()
        if self._seen == book.changes:
            return effects
        names = {state.bill_id for state in self._bills()}
        for bill_id in [one for one in self._inquiries if one not in names]:
            del self._inquiries[bill_id]
            state = book.get(bill_id)
            if state is not None and state.unknown is not None:
                effects += book.change(bill_id, now, unknown=None)
        for state in self._bills():
            if state.bill_id not in self._inquiries:
                first_ms = now.mono_ms + PAUSES_MS[0]
                self._inquiries[state.bill_id] = Inquiry(0, first_ms)
            if state.unknown is None:
                fresh = Unknown(state.updated_utc_ms)
                fresh = replace(fresh, next_steps=self._steps(state, fresh))
                effects += book.change(state.bill_id, now, unknown=fresh)
        self._seen = book.changes
        return effects

    def _steps(self, state: BillState, unknown: Unknown) -> tuple[str, ...]:
        """What staff can do now; the patient is charged for it once at most in any case."""
        if state.refusal is not None:  # decided, but with sums that nobody may be told
            return ("ask_staff",)
        if not self._site.link_up:
            return ("wait_network",)
        if unknown.centre_has == "no" and reverse.check(state.bill, state) is None:
            return ("wait", "reverse")
        return ("wait",)

    def _advise(self, now: Now) -> list[Effect]:
        effects: list[Effect] = []
        for state in self._bills():
            if state.unknown is not None:
                steps = self._steps(state, state.unknown)
                if steps != state.unknown.next_steps:
                    advised = replace(state.unknown, next_steps=steps)
                    effects += self._site.book.change(state.bill_id, now, unknown=advised)
        return effects

    # -- asking ------------------------------------------------------------------------------------
    def _open(self) -> list[Inquiry]:
        """Those that are still asked about; without a person the centre has no answer."""
        return [one for one in self._inquiries.values() if one.asked < len(PAUSES_MS)]

    def _ask(self, now: Now) -> list[Effect]:
        if not self._site.link_up:
            return []
        if self._asking.open:
            again, gave_up = self._asking.due(now)
            return again if not gave_up else []
        for bill_id, inquiry in self._inquiries.items():
            if inquiry.asked >= len(PAUSES_MS) or now.mono_ms < inquiry.due_ms:
                continue
            inquiry.asked += 1
            state = self._site.book.get(bill_id)
            wait_ms = PAUSES_MS[min(inquiry.asked, len(PAUSES_MS) - 1)]
            inquiry.due_ms = now.mono_ms + wait_ms
            if state is None or not state.psn_no or not state.msgid:
                continue
            self._about = bill_id
            data = {"psn_no": state.psn_no, "mdtrt_id": state.mdtrt_id, "msgid": state.msgid}
            return self._asking.put(INFNO, data, now)
        return []

    def _told(self, event: events.Told, now: Now) -> list[Effect]:
        state = self._site.book.get(self._about)
        if state is None or state.unknown is None or event.infcode != 0:
            return []
        has = "yes" if isinstance(event.body.get("setlinfo"), dict) else "no"
        said = replace(state.unknown, asked=state.unknown.asked + 1, centre_has=has)
        said = replace(said, next_steps=self._steps(state, said))
        return self._site.book.change(state.bill_id, now, unknown=said)
