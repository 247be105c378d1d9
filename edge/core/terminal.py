"""The whole terminal as one pure machine: `step(event, now) -> effects`, `deadline()`.

It holds the parts together (bills, ledger, outbox, the visit, the policy) and gives each event to
those it concerns. No I/O, clock, randomness or logging: `now` and `dice` are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.core import events, limits, tx
from edge.core.books import answers, his, reversal
from edge.core.books import days as daybook
from edge.core.books.bills import Book
from edge.core.books.locks import SPACE as RX_SPACE
from edge.core.books.locks import Locks
from edge.core.books.msgid import KEY as MSGID_KEY
from edge.core.books.msgid import SPACE as COUNTER_SPACE
from edge.core.books.msgid import Msgids
from edge.core.books.passes import Passes
from edge.core.books.tasks import Tasks
from edge.core.effects import (
    Append,
    Ask,
    Effect,
    Halt,
    Light,
    Settle,
    Shoot,
    Show,
)
from edge.core.events import Event
from edge.core.parts import Part
from edge.core.parts.backlog import Backlog
from edge.core.parts.board import BoardDesk
from edge.core.parts.centre_word import META_SPACE, CentreWord
from edge.core.parts.clock import Clock
from edge.core.parts.counter import CounterDesk
from edge.core.parts.days import Days
from edge.core.parts.errands import Errands
from edge.core.parts.inquiries import Inquiries
from edge.core.parts.log_stop import LogStop
from edge.core.parts.prescriptions import PrescriptionDesk
from edge.core.parts.pruning import Pruning
from edge.core.parts.reconcile import Reconcile
from edge.core.parts.roster import SPACE as ROSTER_SPACE
from edge.core.parts.roster import RosterDesk
from edge.core.parts.tasks import TaskDesk
from edge.core.parts.unknown import UnknownBills
from edge.core.parts.witness import WitnessDesk
from edge.core.prescription import Signed
from edge.core.site import Site
from edge.core.sync.ledger import Ledger
from edge.core.sync.outbox import Outbox
from edge.core.sync.reconnect import timing_of
from edge.core.types import (
    BillState,
    BillStatus,
    Dice,
    Json,
    Now,
    Policy,
    Restored,
    Settings,
    Task,
)
from edge.core.visit import machine as visit
from edge.core.visit import offline, screens
from edge.core.visit.case import Case, State
from edge.core.visit.machine import In

# Bills that were waiting when the power went get a moment for the first word of the link: served at once, before the broker
# could answer, they would be treated as offline and refused.
FIRST_LINK_MS: Final = 3_000
# A question changes nothing at the centre and carries its own id, so a lost one is simply asked again within its time.
ASK_AGAIN_MS: Final = 2_000
LOW_CODE: Final = "E-STO-03"
LAMPS: Final = "challenge"  # the capability of a controller that can play lights
ROOM_BACK_BYTES: Final = (
    1 << 20
)  # in service again only when this much is free: no flapping at the edge
# A visit's time is over whatever else arrives (shots come 15 times a second and must not hold the
# clock up); only what was awaited still counts when it is handled in the moment of the deadline.
# kinds that no HIS may send as a bill: they have their own addresses
INTERNAL: Final = ("cancel", "close_task", "reverse")
NEVER_LATE: Final = (events.Tick, events.Told, events.Answered, events.Appended)

class Terminal:
    """One terminal. `restored` is what the store held; `policy` the stored one,
    already verified.
    """

    def __init__(
        self,
        settings: Settings,
        restored: Restored,
        dice: Dice,
        policy: Policy | None = None,
        policy_hash: bytes = limits.ZERO_HASH,
        *,
        kinds: Iterable[str] | None = None,
        fresh_policy: bytes = b"",
        signed: Signed | None = None,
    ) -> None:
        """`fresh_policy`: the document of `policy` when it is not in the store yet; `signed`: whether a
        hospital signed a prescription."""
        docs, every = restored.docs, tx.kinds()
        meta = docs.get(META_SPACE, {})
        wanted = set(tx.for_bills() if kinds is None else kinds)
        assert wanted <= set(every), "the configuration checked the kinds"
        self._offered = tuple(name for name in sorted(wanted) if "identity" in every[name].NEEDS)
        self._site = Site(
            settings=settings,
            dice=dice,
            kinds={name: every[name] for name in (*self._offered, *INTERNAL)},
            book=Book(docs, dice),
            days=daybook.DayBook(docs, settings),
            ledger=Ledger(restored),
            msgids=Msgids(settings, docs.get(COUNTER_SPACE, {}).get(MSGID_KEY)),
            tasks=Tasks(docs, dice),
            locks=Locks(docs.get(RX_SPACE, {})),
            signed=signed,
            passes=Passes(docs),
        )
        self._site.policy, self._site.policy_hash = policy, policy_hash
        self._word = CentreWord(self._site, meta, fresh_policy)
        self._tasks = TaskDesk(self._site, meta, self._closed)
        self._clock = Clock()
        self._errands = Errands(self._site)
        self._outbox = Outbox(dice, timing_of(settings))
        ledger = self._site.ledger
        self._outbox.restore(ledger.head.seq, ledger.answered_seq, ledger.sizes())
        self._parts = self._made(meta, docs.get(ROSTER_SPACE, {}))
        self._case = Case(self._site, 0)
        self._visits = 0
        self._stopping = self._store_low = False
        self._plain = screens.idle()  # the screen without the fields that every screen has
        self._until_ms: int | None = None
        self._common: Json = {}
        self._countdown_ms: int | None = None  # when the screens' countdown goes on
        self._started = False
        self._decided_now = False
        self._light = self._shoot = ""
        self._hold_until_ms: int | None = None
        self._asked: tuple[Ask, int] | None = None  # the visit's open question, when to repeat it
        self.screen = self._plain

    def _made(
        self, meta: dict[str, bytes], roster: dict[str, bytes]
    ) -> tuple[Part, ...]:
        """Every part, in the order in which they see an event."""
        witness = WitnessDesk(self._site, meta)
        return (
            self._word,
            LogStop(self._site, meta),
            witness,
            CounterDesk(self._site, meta, witness.close),
            BoardDesk(),
            self._tasks,
            UnknownBills(self._site),
            Days(self._site),
            Reconcile(self._site),
            Pruning(self._site),
            RosterDesk(self._site, roster),
            Backlog(self._site, self._outbox),
            self._errands,
            PrescriptionDesk(self._site),
            Inquiries(self._site, self._errands),
        )

    # -- the surface ------------------------------------------------------------------------------
    def start(self, now: Now) -> list[Effect]:
        """The first effects of a boot: what a crash left open is put right, the link is made."""
        effects: list[Effect] = []
        for state in self._site.book.active():
            if state.status is BillStatus.IN_VISIT:
                effects += self._site.book.change(state.bill_id, now, status=BillStatus.WAITING)
            elif state.status is BillStatus.WORKING and not state.cancel_seq:
                effects += self._site.book.change(state.bill_id, now, status=BillStatus.CONFIRMING)
        for part in self._parts:
            effects += part.start(now)
        effects += self._outbox.start(now)
        if self._site.book.waiting():
            self._hold_until_ms = now.mono_ms + FIRST_LINK_MS
        return self._end_step(effects, now)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """One event; never raises for anything the world can do."""
        self._clock.noted(event, now)
        now = self._clock.corrected(now)
        effects: list[Effect] = []
        if not isinstance(event, NEVER_LATE) and self._visit_due(now):
            effects += visit.step(self._case, In.TICK, None, now)
        effects += self._terminal_part(event, now)
        effects += self._outbox.step(event, now)
        effects += self._visit_part(event, now)
        if isinstance(event, events.StopAsked):
            effects += self._outbox.stop(now)
        ended = self._end_step(effects, now)
        if isinstance(event, events.StopAsked):
            ended.append(Halt(0, "stopped"))
        return ended

    def deadline(self) -> int | None:
        """When a Tick is due, in ms since boot."""
        due = (
            self._case.deadline_ms,
            self._outbox.deadline(),
            *(part.deadline() for part in self._parts),
            self._hold_until_ms,
            self._asked[1] if self._asked is not None else None,
            self._countdown_ms,
        )
        return min((moment for moment in due if moment is not None), default=None)

    def bill(self, bill_id: str) -> BillState | None:
        """The bill if it is active or among the newest finished ones."""
        return self._site.book.get(bill_id)

    def task(self, task_id: str) -> Task | None:
        """The task if it is not done or among the newest others."""
        return self._site.tasks.get(task_id)

    def tasks(self) -> tuple[Task, ...]:
        """Every undone task and the newest others, oldest first."""
        return self._site.tasks.listed()

    def numbered(self, bill_no: str) -> str:
        """The id of the newest bill with this number of the HIS, "" = not remembered."""
        return self._site.book.numbered(bill_no)

    def status(self, now: Now) -> Json:
        """How the terminal is, for /v1/status and the doctor."""
        site, clock = self._site, self._clock.state(now)
        now = self._clock.corrected(now)
        lines = {name: line for part in self._parts for name, line in part.status(now).items()}
        return lines | {
            "clock": clock,
            "terminal": site.settings.terminal,
            "service": self._closed() or "open",
            "net": "up" if site.link_up else "down",
            "screen": self.screen.name,
            "review": self._case.bill_id if self._case.state is State.RX_REVIEW else "",
            "kinds": list(self._offered),
            "epoch": site.ledger.head.epoch,
            "head_seq": site.ledger.head.seq,
            "answered_seq": site.ledger.answered_seq,
            "waiting": site.waiting,
            "bills_waiting": len(site.book.waiting()),
            "bills_active": len(site.book.active()),
            "provisional": len(site.outage().held),
            "provisional_fen": site.outage().exposure_fen,
            "offline": limits.left(site.in_force(now)[0], site.outage(), now),
            "reconciled_until_utc_ms": site.reconciled_until_utc_ms,
            "camera": site.camera_lost or "ok",
            "board": site.board_lost or "ok",
        }

    # -- the terminal's own part of an event ------------------------------------------------------
    def _terminal_part(self, event: Event, now: Now) -> list[Effect]:
        self._site.touch(now)
        self._site.visit_ask = self._case.ask_id
        self._errands.closed_by(self._closed())
        self._site.idle = self._case.state is State.IDLE and not self._site.book.waiting()
        self._decided_now = False
        effects = self._own_part(event, now)
        for part in self._parts:
            effects += part.step(event, now)
        return effects

    def _own_part(self, event: Event, now: Now) -> list[Effect]:
        site = self._site
        match event:
            case events.BillArrived():
                return his.bill_arrived(site, event, now, self._closed())
            case events.CancelArrived() if reversal.voids(site, event):
                return reversal.arrived(site, event, now, self._closed())
            case events.CancelArrived():
                effects, withdraw = his.cancel_arrived(site, event, now, self._closed())
                if withdraw and self._case.bill_id == event.bill_id:
                    effects += visit.step(self._case, In.WITHDRAW, event, now)
                return effects
            case events.ErrandLeft() if self._is_errand(event.call):
                return visit.step(self._case, In.WITHDRAW, event, now)
            case events.ReviewArrived():
                here = self._case.state is State.RX_REVIEW and self._case.bill_id == event.bill_id
                effects, news = his.review_arrived(site, event, here=here)
                return effects + (visit.step(self._case, In.REVIEW, event, now) if news else [])
            case events.ReverseArrived():
                return reversal.arrived(site, event, now, self._closed())
            case events.Answered():
                return self._answered(event, now)
            case events.LinkUp():
                site.link_up, self._hold_until_ms = True, None
            case events.LinkLost():
                site.link_up, self._hold_until_ms = False, None
            case events.CameraLost():
                site.camera_lost = event.code or "lost"
            case events.CameraBack():
                site.camera_lost = ""
            case events.BoardLost():
                site.board_lost, site.lamps = event.code or "lost", False
            case events.BoardUp(info):
                site.board_lost, site.lamps = "", LAMPS in info.get("caps", ())
            case events.Appended():
                site.ledger.appended(event, site.signing.pop(0))
                return site.days.begin(now)
            case events.StoreLow():
                self._store_low = True
            case events.PhotoMeasured():
                offline.chip_measured(self._case, event)
            case events.Saved():
                self._store_low = self._store_low and event.room_bytes < ROOM_BACK_BYTES
            case events.StopAsked():
                self._stopping = True
            case _:
                pass
        return []

    def _answered(self, event: events.Answered, now: Now) -> list[Effect]:
        """The one way a bill becomes settled."""
        effects: list[Effect] = [Settle(event.answer)]
        self._site.decided += 1
        said_utc_ms = event.answer.centre_utc_ms
        for entry, result in self._site.ledger.answered(event.answer):
            before = self._site.book.get(str(entry.local.get("bill_id", "")))
            effects += answers.apply(self._site, entry, result, now)
            effects += self._site.passes.took(result.body, now)
            row = daybook.row_of(self._site.settings, entry, result, event.answer.centre_utc_ms)
            effects += self._site.days.book(row) if row is not None else []
            effects += self._tasks.decided(entry, result, before, said_utc_ms, now)
            if entry.txid == self._case.txid:
                self._decided_now = True
        return effects

    # -- the visit's part -------------------------------------------------------------------------
    def _visit_part(self, event: Event, now: Now) -> list[Effect]:
        sign = self._sign_of(event, now)
        return [] if sign is None else visit.step(self._case, sign, event, now)

    def _visit_due(self, now: Now) -> bool:
        return self._case.deadline_ms is not None and now.mono_ms >= self._case.deadline_ms

    def _sign_of(self, event: Event, now: Now) -> In | None:
        """What the event means to the visit; None = not its business."""
        case = self._case
        match event:
            case events.Tick():
                return In.TICK if self._visit_due(now) else None
            case events.Pressed():
                meant = event.visit in (0, case.number)
                return In(event.button) if meant and event.button in visit.BUTTONS else None
            case events.Told():
                return In.TOLD if case.ask_id and event.ask == case.ask_id else None
            case events.Appended():
                return In.APPENDED if case.txid and event.txid == case.txid else None
            case events.Answered():
                return In.DECIDED if self._decided_now else None
            case _:
                return visit.BY_TYPE.get(type(event))

    def _is_errand(self, call: int) -> bool:
        """The errand of this call is before the terminal."""
        errand = self._case.errand
        return errand is not None and errand.call == call and self._case.state is not State.IDLE

    # -- the end of every step --------------------------------------------------------------------
    def _closed(self) -> str:
        """Why nothing new is taken, "" = open."""
        own = "stopping" if self._stopping else "store_low" if self._store_low else ""
        return own or next((why for part in self._parts if (why := part.closed())), "")

    def _end_step(self, effects: list[Effect], now: Now) -> list[Effect]:
        """Next bill or resting screen, then every screen gets the fields that all screens have."""
        effects += self._word.sealed_in(effects, now)
        if self._hold_until_ms is not None and now.mono_ms >= self._hold_until_ms:
            self._hold_until_ms = None
        if self._case.state is State.IDLE:
            effects += self._rest(now)
        self._site.signing += [effect.draft for effect in effects if isinstance(effect, Append)]
        effects += self._ask_again(effects, now)
        self._clock.sent(effects, now)
        return self._dress(effects, now)

    def _ask_again(self, effects: list[Effect], now: Now) -> list[Effect]:
        """The same question, the same id, while its answer is awaited and the link is up."""
        for effect in effects:
            if isinstance(effect, Ask) and effect.ask == self._case.ask_id:
                self._asked = (effect, now.mono_ms + ASK_AGAIN_MS)
                return []
        if self._asked is None:
            return []
        question, again_ms = self._asked
        if question.ask != self._case.ask_id:
            self._asked = None
            return []
        if now.mono_ms < again_ms:
            return []
        self._asked = (question, now.mono_ms + ASK_AGAIN_MS)
        return [question] if self._site.link_up else []

    def _rest(self, now: Now) -> list[Effect]:
        """Nobody is served: start the next visit, or show why not."""
        if not self._closed() and (errand := self._errands.next()) is not None:
            self._visits += 1
            self._case = Case(self._site, self._visits)
            self._case.errand = errand
            return visit.step(self._case, In.START, None, now)
        queue = self._site.book.waiting()
        if queue and not self._closed() and self._hold_until_ms is None:
            self._visits += 1
            self._case = Case(self._site, self._visits)
            self._case.bill_id = queue[0].bill_id
            return visit.step(self._case, In.START, None, now)
        code = {"": "", "store_low": LOW_CODE}.get(self._closed(), self._closed())
        screen = screens.out_of_service(code) if code else screens.idle()
        if self._started and (screen.name, screen.fields) == (self._plain.name, self._plain.fields):
            return []
        return [screen, *screens.beside(screen)]

    def _dress(self, effects: list[Effect], now: Now) -> list[Effect]:
        common = self._common_fields(now)
        dressed: list[Effect] = []
        fresh = False
        for effect in effects:
            if isinstance(effect, Show):
                self._plain, fresh = effect, True
                self._until_ms = now.mono_ms + effect.left_ms if effect.left_ms else None
                self.screen = _with(effect, common, effect.left_ms)
                dressed.append(self.screen)
            elif self._is_news(effect):
                dressed.append(effect)
        if self._started and not fresh and common != self._common:
            left_ms = max(0, self._until_ms - now.mono_ms) if self._until_ms is not None else 0
            self.screen = _with(self._plain, common, left_ms)
            dressed.append(self.screen)
        self._common, self._started = common, True
        return dressed

    def _is_news(self, effect: Effect) -> bool:
        """Lamps and camera are told only when something changes."""
        if isinstance(effect, Light):
            news, self._light = effect.pattern != self._light, effect.pattern
            return news
        if isinstance(effect, Shoot):
            news, self._shoot = effect.mode != self._shoot, effect.mode
            return news
        return True

    def _common_fields(self, now: Now) -> Json:
        site = self._site
        fields: Json = {
            "net": "up" if site.link_up else "down",
            "waiting": site.waiting,
            "kinds": list(self._offered),
        }
        self._countdown_ms = None
        if not site.link_up:
            policy, outage = site.in_force(now)[0], site.outage()
            fields["offline"] = limits.left(policy, outage, now)
            in_ms = limits.countdown_ms(policy, outage, now)
            self._countdown_ms = None if in_ms is None else now.mono_ms + in_ms
        return fields


def _with(screen: Show, common: Json, left_ms: int) -> Show:
    return Show(screen.name, screen.visit, screen.fields | common, left_ms)
