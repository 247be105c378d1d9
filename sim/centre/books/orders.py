"""One code (一码付, DOMAIN §2.6) and credit (信用支付, §3.7): two legs, the insurance leg in our books, the
own leg at a bank, and never only one of them.

The order of things: the bank holds the own part, the settlement is booked and the capture owed in
the same transaction, the bank captures. Every question to the bank may be asked again, so one that
gets no answer changes nothing here: the order stays where it is until somebody knows. TABLE has
every pair of legs that can be; in each that is final the insurance is booked exactly if the own
part is paid.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from sim.bank.port import CREDIT, ONECODE, Bank, Wish
from sim.centre.books import store as t

__all__ = ["CREDIT", "ONECODE"]
HOLD_MS: Final = 10 * 60_000  # a hold whose record is not decided by then is given back
WORK_MAX: Final = 100  # orders worked on after one message; the next one goes on


class Ins(StrEnum):
    """The insurance leg."""

    NONE = "none"
    BOOKED = "booked"
    UNDONE = "undone"


class Own(StrEnum):
    """The own leg."""

    ASKED = "asked"  # to hold; no answer yet
    HELD = "held"
    REFUSED = "refused"
    CAPTURE = "capture"  # owed; no answer yet
    PAID = "paid"
    BACK = "back"  # to be given back; no answer yet
    GIVEN = "given"


class On(StrEnum):
    """What can happen to an order."""

    HELD = "held"
    NO_HOLD = "no_hold"
    BOOK = "book"
    DROP = "drop"  # its record was refused, or never came again
    CAPTURED = "captured"
    NO_CAPTURE = "no_capture"  # the bank broke its word: the insurance leg is undone
    UNDO = "undo"  # 2208, 2103 or 2601
    GIVEN = "given"


Pair = tuple[Ins, Own]
TABLE: Final[dict[tuple[Pair, On], Pair]] = {
    ((Ins.NONE, Own.ASKED), On.HELD): (Ins.NONE, Own.HELD),
    ((Ins.NONE, Own.ASKED), On.NO_HOLD): (Ins.NONE, Own.REFUSED),
    ((Ins.NONE, Own.ASKED), On.DROP): (Ins.NONE, Own.BACK),  # it may be held: nobody knows
    ((Ins.NONE, Own.HELD), On.BOOK): (Ins.BOOKED, Own.CAPTURE),
    ((Ins.NONE, Own.HELD), On.DROP): (Ins.NONE, Own.BACK),
    ((Ins.NONE, Own.BACK), On.GIVEN): (Ins.NONE, Own.GIVEN),
    ((Ins.BOOKED, Own.CAPTURE), On.CAPTURED): (Ins.BOOKED, Own.PAID),
    ((Ins.BOOKED, Own.CAPTURE), On.NO_CAPTURE): (Ins.UNDONE, Own.BACK),
    ((Ins.BOOKED, Own.CAPTURE), On.UNDO): (Ins.UNDONE, Own.BACK),  # captured or not: all comes back
    ((Ins.BOOKED, Own.PAID), On.UNDO): (Ins.UNDONE, Own.BACK),
    ((Ins.UNDONE, Own.BACK), On.GIVEN): (Ins.UNDONE, Own.GIVEN),
}
BEGIN: Final[Pair] = (Ins.NONE, Own.ASKED)
FINAL: Final[frozenset[Pair]] = frozenset(
    {(Ins.NONE, Own.REFUSED), (Ins.NONE, Own.GIVEN), (Ins.BOOKED, Own.PAID), (Ins.UNDONE, Own.GIVEN)}
)
# What comes too late or twice: the order stays as it is.
LATE: Final[frozenset[tuple[Pair, On]]] = frozenset(
    {((Ins.NONE, own), On.DROP) for own in (Own.REFUSED, Own.BACK, Own.GIVEN)}
    | {((Ins.UNDONE, own), On.UNDO) for own in (Own.BACK, Own.GIVEN)}
    | {((Ins.NONE, own), on) for own in (Own.HELD, Own.BACK, Own.GIVEN, Own.REFUSED)
       for on in (On.HELD, On.NO_HOLD)}
    | {((Ins.UNDONE, own), on) for own in (Own.BACK, Own.GIVEN)
       for on in (On.CAPTURED, On.NO_CAPTURE)}
    | {((Ins.BOOKED, Own.PAID), On.CAPTURED), ((Ins.NONE, Own.GIVEN), On.GIVEN),
       ((Ins.UNDONE, Own.GIVEN), On.GIVEN)}
)  # fmt: skip

_ADD: Final = t.pay_orders.insert()
_BY_RECORD: Final = t.get(t.pay_orders, "terminal", "epoch", "seq")
_BY_ID: Final = t.get(t.pay_orders, "pay_ordid")
_BY_SETL: Final = t.get(t.pay_orders, "setl_id", only=("pay_ordid",))
_SET: Final = t.change(t.pay_orders, "pay_ordid")
_WORK: Final = (
    sa.select(t.pay_orders)
    .where(
        t.pay_orders.c.own.in_([str(Own.ASKED), str(Own.CAPTURE), str(Own.BACK)]),
        t.pay_orders.c.refd_owed == 0,
    )
    .order_by(t.pay_orders.c.at_ms, t.pay_orders.c.pay_ordid)
    .limit(WORK_MAX)
)
_STALE: Final = (
    sa.select(t.pay_orders.c.pay_ordid)
    .where(
        t.pay_orders.c.own.in_([str(Own.ASKED), str(Own.HELD)]),
        t.pay_orders.c.at_ms <= sa.bindparam("before_ms"),
    )
    .limit(WORK_MAX)
)
_CONTRACT: Final = t.get(t.pay_contracts, "psn_no", only=("way",))


class Order(Struct, frozen=True):
    """One order as the books have it. `held_fen` is what the person confirmed, `fen` what the
    settlement came to."""

    pay_ordid: str
    psn_no: str
    way: str
    held_fen: int
    fen: int
    ins: Ins
    own: Own
    setl_id: str
    fixmedins_code: str = ""
    med_type: str = ""
    capt_no: str = ""
    due_on: str = ""
    why: str = ""
    refd_fen: int = 0

    @property
    def pair(self) -> Pair:
        """Both legs."""
        return self.ins, self.own


class Heard(Struct, frozen=True):
    """What the bank said: an event, and the columns that it fills."""

    on: On
    says: dict[str, str] = {}


class Waits(Exception):
    """A record that cannot be decided before the bank was asked; `row` is the order to open."""

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__(row["pay_ordid"])
        self.row = row


def sign(conn: sa.Connection, psn_no: str, way: str) -> None:
    """The person agreed once that this way may pay for them."""
    conn.execute(t.pay_contracts.insert(), {"psn_no": psn_no, "way": way})


def ways(conn: sa.Connection, psn_no: str) -> tuple[str, ...]:
    """The ways this person has agreed to."""
    return tuple(conn.execute(_CONTRACT, t.at(psn_no=psn_no)).scalars().all())


def of_record(conn: sa.Connection, terminal: str, epoch: int, seq: int) -> Order | None:
    """The order of this record."""
    key = t.at(terminal=terminal, epoch=epoch, seq=seq)
    row = conn.execute(_BY_RECORD, key).mappings().first()
    return None if row is None else _order(row)


def by_id(conn: sa.Connection, pay_ordid: str) -> Order:
    """The order with this id."""
    return _order(conn.execute(_BY_ID, t.at(pay_ordid=pay_ordid)).mappings().one())


def open_(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Write the order down before anybody asks the bank."""
    ins, own = BEGIN
    new = {"ins": str(ins), "own": str(own), "fen": 0, "setl_id": ""}
    conn.execute(_ADD, row | new | {"capt_no": "", "due_on": "", "why": "", "refd_fen": 0, "refd_owed": 0})


def happen(conn: sa.Connection, pay_ordid: str, on: On, **more: Any) -> Pair:
    """One transition; what comes late changes nothing."""
    row = conn.execute(_BY_ID, t.at(pay_ordid=pay_ordid)).mappings().one()
    pair = _order(row).pair
    to = TABLE.get((pair, on))
    if to is None:
        assert (pair, on) in LATE, (pair, on)
        return pair
    changes = {"ins": str(to[0]), "own": str(to[1]), **more}
    conn.execute(_SET, t.at(pay_ordid=pay_ordid) | changes)
    return to


def undone(conn: sa.Connection, setl_id: str) -> list[Order]:
    """The settlement was taken back: so is its own leg. The order, when part of it was refunded."""
    pay_ordid = conn.execute(_BY_SETL, t.at(setl_id=setl_id)).scalar()
    if pay_ordid is None:
        return []
    happen(conn, pay_ordid, On.UNDO)
    order = by_id(conn, pay_ordid)
    return [order] if order.refd_fen else []


def is_open(conn: sa.Connection, setl_id: str) -> bool:
    """Whether the bank still owes its word on this settlement, which may yet be undone by it."""
    pay_ordid = conn.execute(_BY_SETL, t.at(setl_id=setl_id)).scalar()
    return pay_ordid is not None and by_id(conn, pay_ordid).own is Own.CAPTURE


def has(conn: sa.Connection, setl_id: str) -> bool:
    """Whether a bank paid the own part of this settlement."""
    return conn.execute(_BY_SETL, t.at(setl_id=setl_id)).first() is not None


def due(conn: sa.Connection, now_ms: int) -> list[Order]:
    """What the bank is to be asked now; holds that nobody came back for are dropped first."""
    for pay_ordid in conn.execute(_STALE, {"before_ms": now_ms - HOLD_MS}).scalars().all():
        happen(conn, pay_ordid, On.DROP)
    return [_order(row) for row in conn.execute(_WORK).mappings().all()]


def ask(bank: Bank, order: Order) -> Heard | None:
    """One question to the bank, outside of every transaction; None = no answer, ask again."""
    try:
        if order.own is Own.ASKED:
            word = bank.hold(wish(order))
            says = {"capt_no": word.capt_no, "due_on": word.due_on, "why": word.why}
            return Heard(On.HELD if word.good else On.NO_HOLD, says)
        if order.own is Own.CAPTURE:
            taken = bank.capture(order.pay_ordid, order.fen)
            return Heard(On.CAPTURED if taken else On.NO_CAPTURE)
        assert order.own is Own.BACK, order
        bank.give_back(order.pay_ordid)
    except TimeoutError:
        return None
    return Heard(On.GIVEN)


def wish(order: Order) -> Wish:
    """The order as the bank is asked for it."""
    return Wish(
        pay_ordid=order.pay_ordid,
        psn_no=order.psn_no,
        way=order.way,
        fen=order.held_fen,
        fixmedins_code=order.fixmedins_code,
        med_type=order.med_type,
    )


def refunding(conn: sa.Connection, pay_ordid: str, refd_fen: int, owed: int) -> None:
    """So much of it went back in parts, and the bank owes its word on one more (or one less)."""
    change = {"refd_fen": refd_fen, "refd_owed": t.pay_orders.c.refd_owed + owed}
    conn.execute(t.pay_orders.update().where(t.pay_orders.c.pay_ordid == pay_ordid).values(change))


def _order(row: Any) -> Order:
    return Order(
        pay_ordid=row["pay_ordid"],
        psn_no=row["psn_no"],
        way=row["way"],
        held_fen=row["held_fen"],
        fen=row["fen"],
        ins=Ins(row["ins"]),
        own=Own(row["own"]),
        setl_id=row["setl_id"],
        fixmedins_code=row["fixmedins_code"],
        med_type=row["med_type"],
        capt_no=row["capt_no"],
        due_on=row["due_on"],
        why=row["why"],
        refd_fen=row["refd_fen"],
    )
