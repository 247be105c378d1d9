"""Carries the own leg of orders on: asks the bank, outside of every transaction, and writes down what
it said. Killed anywhere it loses nothing: what is not written down is asked again.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Mode, Split
from edge.core.visit.settle.paying import CASH
from edge.wire.record import RecordHeader
from sim.bank.port import CREDIT, Bank, Loan
from sim.centre import bodies
from sim.centre.bodies import Body
from sim.centre.books import orders, registry, statement
from sim.centre.books import store as t
from sim.centre.books.orders import On, Order
from sim.centre.books.people import Known
from sim.centre.deciding import quoting, undoing
from sim.centre.deciding.case import No


class Wants(Exception):
    """A question that cannot be answered before the bank said what this person may pay later."""

    def __init__(self, psn_no: str, med_type: str) -> None:
        super().__init__(psn_no)
        self.psn_no, self.med_type = psn_no, med_type


class Asking(Struct, frozen=True):
    """The transaction of a message; `asked` after the bank was asked for it."""

    conn: sa.Connection
    asked: bool
    now_ms: int


CREDIT_WHYS: Final = frozenset({"limit", "age", "overdue", "excluded"})
_BY_ID: Final = t.get(t.settlements, "setl_id")


def work(store: t.Store, bank: Bank, now_ms: int) -> None:
    """One question for each order that waits for the bank; those without an answer stay."""
    with store.begin() as conn:
        waiting = orders.due(conn, now_ms)
    for order in waiting:
        heard = orders.ask(bank, order)
        if heard is None:
            continue
        with store.begin() as conn:
            _happened(conn, order, heard, now_ms)


def _happened(conn: sa.Connection, order: Order, heard: orders.Heard, now_ms: int) -> None:
    orders.happen(conn, order.pay_ordid, heard.on, **heard.says)
    if heard.on is not On.NO_CAPTURE:
        return
    row = conn.execute(_BY_ID, t.at(setl_id=order.setl_id)).mappings().one()
    if row["live"]:
        _take_back(conn, row, now_ms)


def _take_back(conn: sa.Connection, row: Any, now_ms: int) -> None:
    """The bank broke its word after the settlement: the insurance leg goes back too (2208 by the
    centre itself), the day's statement says so, and a person is told."""
    undone_by = f"{row['setl_id']}-bank"
    output = undoing.undo(conn, row, undone_by, now_ms)
    terminal = registry.find(conn, row["terminal"])
    if terminal is not None:
        statement.moved(conn, terminal, undone_by, output["setlinfo"])
    place = t.Place(row["terminal"], row["epoch"], row["seq"])
    t.note(conn, "own_leg_lost", now_ms, place, alarm=True)


def standing(bank: Bank | None, wants: list[tuple[str, str]]) -> Loan | None:
    """What the bank says, outside of every transaction; None = no word, so nothing is offered."""
    if bank is None or not wants:
        return None
    try:
        return bank.standing(*wants[0])
    except TimeoutError:
        return None


def own_leg(
    here: Asking, header: RecordHeader, body: Body, person: Known, estimate: Split | None
) -> orders.Order | No | None:
    """The order whose money the bank holds for this record; None = nothing is asked of a bank.
    Raises orders.Waits before the bank was asked."""
    conn, way = here.conn, body.pay.way
    held_fen = estimate.psn_cash_pay_fen if estimate is not None else 0
    if way == CASH or (estimate is not None and not held_fen):
        return None
    call = bodies.call(body.plan, "2207", *quoting.SALES)
    if header.mode is not Mode.ONLINE or call is None:
        return No("pay_way")
    if not held_fen or way not in orders.ways(conn, person.psn_no):
        return No("pay_no_contract")
    order = orders.of_record(conn, header.terminal, header.epoch, header.seq)
    if order is None or (order.own is orders.Own.ASKED and not here.asked):
        raise orders.Waits(
            {
                "pay_ordid": f"P{header.txid.hex()}",
                "terminal": header.terminal,
                "epoch": header.epoch,
                "seq": header.seq,
                "psn_no": person.psn_no,
                "way": way,
                "fixmedins_code": body.fixmedins_code,
                "med_type": quoting.med_type_of(call),
                "held_fen": held_fen,
                "at_ms": here.now_ms,
            }
        )
    if order.own is orders.Own.HELD:
        return order
    drop(conn, order)
    if order.own is not orders.Own.REFUSED:
        return No("pay_unknown")
    return No(f"credit_{order.why}" if way == CREDIT and order.why in CREDIT_WHYS else "pay_refused")


def drop(conn: sa.Connection, order: Order) -> None:
    """Nothing was booked on it: what may be held goes back."""
    now = orders.by_id(conn, order.pay_ordid)
    if now.ins is orders.Ins.NONE:
        orders.happen(conn, order.pay_ordid, orders.On.DROP)
