"""What happens to an order of mobile payment: its own part is held by the bank and its insurance part
booked by the very plan that a terminal's record carries, in one transaction, as ADR 17 has it for one
code; refunds in whole and in part.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa

from edge.core import money
from edge.core.types import Json, Split
from sim.bank.port import MOBILE
from sim.bank.telling import Paid
from sim.centre import bodies
from sim.centre.bodies import Body, PayIn
from sim.centre.books import ledgers, people, statement
from sim.centre.books import orders as legs_of
from sim.centre.books import store as t
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.deciding import clearing, legs, plans, quoting, undoing
from sim.centre.deciding.case import Case, No, Scene
from sim.centre.mobile import books
from sim.centre.mobile.books import Order
from sim.centre.mobile.stas import On, Stas, after
from sim.centre.national import tables
from sim.centre.national.tables import MARK_BASE, Client

_SETL: Final = t.get(t.settlements, "setl_id")
_END: Final = t.change(t.settlements, "setl_id")
INSURED: Final = ("fund:", "acct:", "wallet:")


def happen(conn: sa.Connection, order: Order, on: On, now_ms: int, **columns: Any) -> Order | No:
    """One transition, or why it cannot be."""
    to = after(Stas(order.stas), on)
    if to is None:
        return No("order_state")
    return books.change(conn, order, now_ms, stas=str(to), **columns)


def plan(conn: sa.Connection, order: Order) -> list[bodies.Call]:
    """The settlement that the order asks for."""
    rows = tables.lines(conn, order.mdtrt_id, order.chrg_bchno)
    data = {
        "psn_no": order.psn_no,
        "mdtrt_cert_type": "01",
        "mdtrt_cert_no": "",
        "med_type": order.med_type,
        "medfee_sumamt": money.yuan(order.medfee_fen),
        "psn_setlway": "01",
        "mdtrt_id": order.mdtrt_id,
        "chrg_bchno": order.chrg_bchno,
        "acct_used_flag": order.acct_used_flag,
        "insutype": order.insutype,
    }
    detail = bodies.Call("2204", "", {"feedetail": rows})
    return [detail, bodies.Call("2207", order.msgid, {"data": data})]


def price(
    conn: sa.Connection, region: Region, client: Client, order: Order, now_ms: int
) -> Order | No:
    """6202: what it comes to now; the phone has half an hour."""
    person = people.find(conn, order.psn_no)
    if person is None:
        return No("no_person")
    scene = Scene(conn, terminal_of(client), region, now_ms)
    found = quoting.quote(scene, plan(conn, order), person)
    if isinstance(found, No):
        return found
    split = found.settled.split
    return happen(
        conn, order, On.PRICE, now_ms, expires_ms=now_ms + books.EXPIRES_MS, **_amounts(split)
    )


def _amounts(split: Split) -> dict[str, int]:
    return {
        "fund_fen": split.fund_pay_sumamt_fen,
        "acct_fen": split.acct_pay_fen,
        "mulaid_fen": split.acct_mulaid_pay_fen,
        "own_fen": split.psn_cash_pay_fen,
        "hosp_fen": split.hosp_part_amt_fen,
    }


def over(conn: sa.Connection, order: Order, now_ms: int) -> Order:
    """Ended, when its time is over before anything was paid, or its settlement was taken back (2208,
    2601)."""
    insured = order.stas in (Stas.DONE, Stas.CASH_PART, Stas.CASH_REFUNDED)
    if insured and _live(conn, order) is None:
        back = happen(conn, order, On.REFUND_ALL, now_ms, refd_fen=order.own_fen)
        assert not isinstance(back, No), order
        return back
    open_ = order.stas in (Stas.PRICED, Stas.PAYING)
    if not open_ or now_ms <= order.expires_ms:
        return order
    ended = happen(conn, order, On.END, now_ms, why="expired")
    assert not isinstance(ended, No), order
    return ended


def paid(conn: sa.Connection, region: Region, order: Order, tell: Paid | None, now_ms: int) -> Order | No:
    """The own part is frozen (`tell`) or there is none: the insurance is booked, the capture owed. A
    No: nothing is booked, the bank frees the money."""
    client = tables.client(conn, order.fixmedins_code)
    person = people.find(conn, order.psn_no)
    if client is None or person is None:
        return No("no_person")
    leg = _held(conn, order, client, tell, now_ms) if tell is not None else None
    if tell is not None:
        moved = happen(conn, order, On.HELD, now_ms)
        if isinstance(moved, No):
            return moved
        order = moved
    case = Case(
        conn=conn,
        terminal=terminal_of(client),
        region=region,
        body=_body(conn, order),
        person=person,
        mark=MARK_BASE + order.number,
        epoch=0,
        seq=order.number,
        at_ms=now_ms,
        now_ms=now_ms,
        order=leg,
    )
    done = plans.run(case)
    if isinstance(done, No):
        return done
    split, setl_id = done.split, done.output["setlinfo"]["setl_id"]
    assert split is not None, "a settlement has amounts"
    booked = happen(
        conn, order, On.BOOK, now_ms, setl_id=setl_id, **_amounts(split)
    )  # what it came to may be less than what was priced
    if leg is None or split.psn_cash_pay_fen or isinstance(booked, No):
        return booked
    legs.drop(conn, leg)
    return happen(conn, booked, On.CAPTURED, now_ms)


def carried(conn: sa.Connection, now_ms: int) -> None:
    """What the bank has said since of orders whose capture was owed; expiries; cancelled ones."""
    for order in books.in_state(conn, Stas.INS_PAID):
        leg = legs_of.by_id(conn, order.pay_ordid)
        if leg.own is legs_of.Own.PAID:
            happen(conn, order, On.CAPTURED, now_ms)
        elif leg.ins is legs_of.Ins.UNDONE:
            happen(conn, order, On.LOST, now_ms, why="bank")
    for stas in (Stas.PRICED, Stas.PAYING):
        for order in books.in_state(conn, stas):
            over(conn, order, now_ms)


# -- refunds ---------------------------------------------------------------------------------------
def refund(
    conn: sa.Connection, client: Client, order: Order, row: dict[str, Any], msgid: str
) -> Order | No:
    """6203. ALL: everything that is left; HI: the insurance's part; CASH: `own_fen` of the own part.
    The sums that the HIS says must be these."""
    kind, own_fen, now_ms = row["refd_type"], row["own_fen"], row["at_ms"]
    left = order.own_fen - order.refd_fen
    live = _live(conn, order)
    insured = order.fund_fen + order.acct_fen + order.mulaid_fen if live is not None else 0
    expected = {"ALL": (left, insured), "HI": (0, insured), "CASH": (own_fen, 0)}[kind]
    if (own_fen, row["ins_fen"]) != expected or own_fen > left or not sum(expected):
        return No("refund_differs")
    if live is not None and _cleared(conn, order):
        return No("cleared")
    on = {"ALL": On.REFUND_ALL, "HI": On.REFUND_INS}.get(
        kind, On.REFUND_REST if own_fen == left else On.REFUND_PART
    )
    if kind == "ALL" and live is None:
        on = On.REFUND_REST  # only the own part was left
    if kind == "HI" and not order.own_fen:
        on = On.REFUND_ALL
    moved = happen(conn, order, on, now_ms, refd_fen=order.refd_fen + own_fen)
    if isinstance(moved, No):
        return moved
    if live is not None and on is On.REFUND_ALL:
        output = undoing.undo(conn, live, f"{order.setl_id}-undo", now_ms)
        statement.moved(conn, terminal_of(client), msgid, output["setlinfo"])
        return _noted(conn, moved, row | {"owed": 0})  # the bank gives back all that it took
    if live is not None and kind == "HI":
        _insurance_back(conn, client, live, msgid, now_ms)
    if own_fen:
        _own_back(conn, order, row["app_refd_sn"], own_fen, now_ms)
    return _noted(conn, moved, row | {"owed": int(own_fen > 0)})


def _noted(conn: sa.Connection, order: Order, row: dict[str, Any]) -> Order:
    conn.execute(books.refunds.insert(), row)
    return order


def _live(conn: sa.Connection, order: Order) -> sa.RowMapping | None:
    row = conn.execute(_SETL, t.at(setl_id=order.setl_id)).mappings().first()
    return row if row is not None and row["live"] else None


def _cleared(conn: sa.Connection, order: Order) -> bool:
    return clearing.confirmed(conn, order.setl_id)


def _own_back(conn: sa.Connection, order: Order, sn: str, fen: int, now_ms: int) -> None:
    """Part of what the bank took goes back: in our books now, at the bank as soon as it answers."""
    lines = {f"bank:{MOBILE}": fen, f"inst:{order.fixmedins_code}": -fen}
    ledgers.post(conn, f"{order.setl_id}-own-{sn}", lines, now_ms)
    legs_of.refunding(conn, order.pay_ordid, order.refd_fen + fen, 1)


def _insurance_back(
    conn: sa.Connection, client: Client, live: sa.RowMapping, msgid: str, now_ms: int
) -> None:
    """The funds and the accounts get theirs; the own part stays with the institution."""
    setl_id = live["setl_id"]
    conn.execute(_END, t.at(setl_id=setl_id) | {"live": 0})
    lines = ledgers.lines_of(conn, setl_id)
    back = {name: -fen for name, fen in lines.items() if name.startswith(INSURED)}
    back[f"inst:{client.fixmedins_code}"] = -sum(back.values())
    ledgers.post(conn, f"{setl_id}-hi", back, now_ms)
    undoing.out_of_the_year(conn, live)
    negative = undoing.negative(live, f"{setl_id}-hi", now_ms)
    statement.moved(conn, terminal_of(client), msgid, negative["setlinfo"])


# -- parts -----------------------------------------------------------------------------------------
def terminal_of(client: Client) -> Terminal:
    """The HIS as the centre's rules see it: a caller without keys."""
    who = (client.fixmedins_code, client.fixmedins_name, client.admdvs, client.level)
    return Terminal(client.door, b"", b"", *who, "P2", 0, 0, 0)


def _body(conn: sa.Connection, order: Order) -> Body:
    head: Json = msgspec.json.decode(order.head)
    return Body(
        plan=plan(conn, order),
        fixmedins_code=order.fixmedins_code,
        bill_no=order.chrg_bchno,
        kind="settle",
        identity=bodies.IdentityIn("qr"),
        verdict=None,
        estimate=None,
        consent=None,
        pay=PayIn(way=MOBILE if order.own_fen else "cash"),
        **head,
    )


def _held(
    conn: sa.Connection, order: Order, client: Client, tell: Paid, now_ms: int
) -> legs_of.Order:
    """The bank froze it before it was asked: the leg begins held."""
    legs_of.open_(conn, {
        "pay_ordid": order.pay_ordid,
        "terminal": client.door,
        "epoch": 0,
        "seq": order.number,
        "psn_no": tell.payer,
        "way": MOBILE,
        "fixmedins_code": order.fixmedins_code,
        "med_type": order.med_type,
        "held_fen": tell.fen,
        "at_ms": now_ms,
    })  # fmt: skip
    legs_of.happen(conn, order.pay_ordid, legs_of.On.HELD, capt_no=tell.capt_no)
    return legs_of.by_id(conn, order.pay_ordid)
