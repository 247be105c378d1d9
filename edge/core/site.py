"""What a visit finds around it: the terminal's settings, policy, links, counters. Owned by
`Terminal`, read by visits.

No machine of its own: plain state with the few questions that more than one part asks.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.core.books.authorised import Authorised
from edge.core.books.bills import Book
from edge.core.books.days import DayBook
from edge.core.books.locks import Locks
from edge.core.books.msgid import Msgids
from edge.core.books.passes import Passes
from edge.core.books.roster import Roster
from edge.core.books.tasks import Tasks
from edge.core.limits import BUILT_IN, STRICT_STEPS, Outage, Provisional, Want, decide, in_force
from edge.core.prescription import Signed, rejected
from edge.core.sync.ledger import Ledger
from edge.core.tx import Kind
from edge.core.types import (
    Bill,
    BillStatus,
    Dice,
    Draft,
    Json,
    Mode,
    Now,
    Policy,
    Refusal,
    Settings,
)

OFFLINE_ORDER: Final = Refusal("offline_order", ("wait_network", "ask_staff"))
OFFLINE_RX: Final = Refusal("offline_rx", STRICT_STEPS)
FROZEN: Final = Refusal("frozen", ("ask_staff",))


class Contact(Struct, frozen=True):
    """Document meta/centre: the last verified word from the centre and the latest known moment."""

    contact_utc_ms: int = 0
    floor_utc_ms: int = 0
    attested_utc_ms: int = 0  # when it last said that our policy holds


class Site:
    """Shared state of one terminal."""

    def __init__(
        self,
        *,
        settings: Settings,
        dice: Dice,
        kinds: dict[str, Kind],
        book: Book,
        days: DayBook,
        ledger: Ledger,
        msgids: Msgids,
        tasks: Tasks,
        locks: Locks,
        passes: Passes,
        signed: Signed | None = None,
    ) -> None:
        self.settings = settings
        self.dice = dice
        self.kinds = kinds
        self.book = book
        self.days = days
        self.ledger = ledger
        self.msgids = msgids
        self.tasks = tasks
        self.locks = locks
        self.signed = signed  # whether a hospital signed it; None = this machine cannot tell
        self.passes = passes
        self.authorised = Authorised()
        self.roster = Roster()  # the clinic's own patients, for an outage
        self.frozen_code = ""  # nothing is signed any more: the centre suspects this terminal
        self.signing: list[Draft] = []  # given to the store, not yet reported durable
        self.policy: Policy | None = None
        self.policy_hash = b""
        self.contact = Contact()
        self.stop_code = ""
        self.rolled_code = ""  # nothing is signed any more: this ledger is an old or foreign copy
        self.witness_code = ""  # E-ROL-*: why the controller does not vouch for this ledger
        self.link_up = False
        self.visit_ask = b""  # the question that the visit has open
        self.part_asks: set[bytes] = set()  # those of the other parts
        self.face_rests: dict[str, int] = {}  # whose -> mono ms until which: visit.face.resting
        self.face_suspected: dict[str, tuple[int, ...]] = {}  # whose -> mono ms of looks taken for a picture
        self.camera_lost = ""
        self.board_lost = ""
        self.lamps = False  # there is a controller whose lamps can play a challenge
        self.decided = (
            0  # answers taken; with the rest of the stamp it says whether `held` is still right
        )
        self.idle = False  # nobody is served and no bill waits
        self._held: tuple[Provisional, ...] = ()
        self._held_stamp: tuple[int, ...] = ()

    @property
    def open_asks(self) -> frozenset[bytes]:
        """The questions whose answer is a word of now; anything else is a replay."""
        return frozenset({*self.part_asks, self.visit_ask} - {b""})

    @property
    def reconciled_until_utc_ms(self) -> int:
        """Up to here every civil day since the first record agrees with the centre's books; 0 =
        never. Nothing younger may be pruned.
        """
        return self.days.reconciled_until_utc_ms()

    def touch(self, now: Now) -> None:
        """The clock was read: it must not go behind this moment any more."""
        if now.utc_ms > self.contact.floor_utc_ms:
            self.contact = replace(self.contact, floor_utc_ms=now.utc_ms)

    @property
    def signs_nothing(self) -> bool:
        """The key is frozen, or the ledger is a copy that another one went on from."""
        return bool(self.frozen_code or self.rolled_code)

    @property
    def blocked(self) -> frozenset[str]:
        """Person keys that are not served without the centre: they owe what it refused."""
        return self.tasks.blocked

    # -- the policy and the outage -----------------------------------------------------------------
    def in_force(self, now: Now) -> tuple[Policy, bytes]:
        """The policy that counts now and its hash."""
        return in_force(self.policy, self.policy_hash, now)

    def looked_by(self) -> Policy:
        """The policy that faces are judged by: the last verified one, even when it is over. That takes rights
        away; it must not make a look easier.
        """
        return self.policy or BUILT_IN

    def outage(self) -> Outage:
        """What the caps are measured against, from the ledger's undecided entries and the meta
        documents.
        """
        stamp = (self.ledger.head.seq, self.decided, len(self.signing), self.book.changes)
        if stamp != self._held_stamp:  # asked at every step, and a long outage has many entries
            held = [
                _held(one.local)
                for one in self.ledger.undecided
                if self._counts(one.mode, one.local)
            ]
            held += [_held(one.local) for one in self.signing if one.mode is Mode.PROVISIONAL]
            self._held, self._held_stamp = tuple(held), stamp
        return Outage(
            held=self._held,
            contact_utc_ms=self.contact.contact_utc_ms,
            floor_utc_ms=self.contact.floor_utc_ms,
            stop_code=self.stop_code,
            blocked=self.blocked,
            attested_utc_ms=self.contact.attested_utc_ms,
            witness_code=self.witness_code,
        )

    def _counts(self, mode: Mode, local: Json) -> bool:
        """A provisional record, or one sent online whose answer stayed away and that became
        provisional.
        """
        if mode is Mode.PROVISIONAL:
            return True
        state = self.book.get(str(local.get("bill_id", "")))
        return state is not None and state.status is BillStatus.PROVISIONAL and mode is Mode.ONLINE

    def decide(
        self,
        bill: Bill,
        now: Now,
        *,
        online: bool,
        fund_fen: int | None = None,
        person: str | None = None,
        card: str = "",
        by_pass: bool = False,
    ) -> Mode | Refusal:
        """limits.decide for a bill; a frozen key signs nothing."""
        if self.signs_nothing:
            return FROZEN
        needs = self.kinds[bill.kind].NEEDS if bill.kind in self.kinds else ()
        here = online and bill.prefer != "force_provisional"
        if "prescription" in needs and not here and self.locks.get(bill.rxno) is None:
            said = self.locks.refused(bill.rxno)
            return OFFLINE_RX if said is None else rejected(said.reason)
        want = Want(
            kind=bill.kind,
            total_fen=bill.amount_fen,
            online=online,
            require_online=bill.prefer == "require_online",
            force=bill.prefer == "force_provisional",
            fund_fen=fund_fen,
            person=person,
            card=card,
            by_pass=by_pass,
        )
        return decide(want, self.in_force(now)[0], self.outage(), now)

    # -- the ledger --------------------------------------------------------------------------------
    def next_seq(self) -> int:
        """The number that the next draft will get: drafts are signed in the order they
        were given.
        """
        return self.ledger.head.seq + len(self.signing) + 1

    @property
    def waiting(self) -> int:
        """Records without an answer."""
        return self.ledger.head.seq + len(self.signing) - self.ledger.answered_seq


def _held(local: Json) -> Provisional:
    return Provisional(
        int(local.get("fund_fen", 0)),
        str(local.get("person", "")),
        int(local.get("at_utc_ms", 0)),
        str(local.get("card", "")),
    )
