"""2204+2207 and 2102 settle: priced as `quoting` says, then booked, all inside the message's
transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from edge.core.tx import SALES
from edge.core.types import Json
from edge.core.visit.settle.paying import CASH
from sim.centre import bodies
from sim.centre.bodies import Call, PayIn
from sim.centre.books import ledgers, orders, statement
from sim.centre.books import store as t
from sim.centre.books.people import Known
from sim.centre.civil import civil
from sim.centre.deciding import clearing, paying, registering
from sim.centre.deciding.case import Case, Done, No, Scene, stamp, taken_back
from sim.centre.deciding.quoting import PRICED, Quote, quote, setlinfo, total_fen
from sim.centre.deciding.undoing import told
from sim.centre.prices import books as prices

Pricing = Callable[[Scene, list[Call], Known, PayIn], Quote | No]
_LIVE: Final = t.get(t.settlements, "fixmedins_code", "bill_no", "live")
_SETTLE: Final = t.settlements.insert()


def run(case: Case, pricing: Pricing = quote) -> Done | No:
    """Kinds `settle`, `pharmacy`, `chronic`; the money of `prescription` and `delivery`."""
    first = before(case)
    if first is not None:
        return first
    if taken_back(case, *PRICED):
        return No("reversed_before")
    mdtrt_id = "" if case.body.kind in SALES else registering.visit_of(case)
    if isinstance(mdtrt_id, No):
        return mdtrt_id
    scene = Scene(case.conn, case.terminal, case.region, case.at_ms)
    found = pricing(scene, case.body.plan, case.person, case.body.pay)
    if isinstance(found, No):
        return found
    if case.body.pay.way != CASH and found.settled.split.psn_cash_pay_fen > _held(case):
        return No("pay_more")  # more than the person confirmed: it is theirs to decide anew
    setl_id = f"{case.region.region}S{case.mark:013d}"
    mdtrt_id = mdtrt_id or f"{case.region.region}M{case.mark:013d}"
    # the benefit year is that of the visit (`at_ms`), the day of the settlement that of the decision
    output = setlinfo(found, case.person, setl_id, mdtrt_id, case.now_ms)
    output["setlinfo"]["clr_optins"] = case.region.region
    output["payinfo"] = paying.payinfo(
        found.settled, found.payers, case.body.pay.way, case.order
    )
    book(case, found, setl_id, mdtrt_id, output)
    return Done(output, found.settled.split)


def before(case: Case) -> No | None:
    """What was settled already under this bill's number: this bill, or another."""
    key = t.at(fixmedins_code=case.terminal.fixmedins_code, bill_no=case.body.bill_no, live=1)
    first = case.conn.execute(_LIVE, key).mappings().first()
    if first is None:
        return None
    mine = (case.person.psn_no, case.body.kind, total_fen(case.body))
    if (first["psn_no"], first["kind"], first["medfee_fen"]) != mine:
        return No("bill_no_used")  # another bill: nobody learns what somebody else paid
    return No("duplicate", told(first))


def _held(case: Case) -> int:
    return case.order.held_fen if case.order is not None else 0


def book(
    case: Case,
    found: Quote,
    setl_id: str,
    mdtrt_id: str,
    output: Json,
    *,
    moved: Callable[[dict[str, int]], dict[str, int]] = dict,
) -> None:
    """Write it down: ledger, accumulators, statement, what another pool owes. `moved`: the entry with
    what else moves in it (a deposit that is set off)."""
    split, psn_no = found.settled.split, case.person.psn_no
    accounts = (one.account for one in found.payers)
    given = dict(zip(accounts, found.settled.relatives_fen, strict=True))
    institution = case.terminal.fixmedins_code
    rest = f"bank:{case.order.way}" if case.order is not None else ""
    funds = found.settled.funds
    entry = ledgers.settlement_lines(split, funds, psn_no, given, institution, rest=rest)
    if case.order is not None and split.psn_cash_pay_fen:
        paid = {"fen": split.psn_cash_pay_fen, "setl_id": setl_id}
        orders.happen(case.conn, case.order.pay_ordid, orders.On.BOOK, **paid)
    ledgers.post(case.conn, setl_id, moved(entry), case.now_ms)
    ledgers.add_to_year(case.conn, psn_no, found.insutype, found.year, found.delta)
    row = {
        "setl_id": setl_id,
        "fixmedins_code": institution,
        "bill_no": case.body.bill_no,
        "psn_no": psn_no,
        "mdtrt_id": mdtrt_id,
        "msgid": found.msgid,
        "kind": case.body.kind,
        "year": found.year,
        "terminal": case.terminal.name,
        "epoch": case.epoch,
        "seq": case.seq,
        "at_ms": case.at_ms,
        "medfee_fen": split.medfee_sumamt_fen,
        "fund_fen": split.fund_pay_sumamt_fen,
        "output": msgspec.json.encode(output),
        "delta": msgspec.json.encode({"insutype": found.insutype, "fen": found.delta}),
        "live": 1,
    }
    case.conn.execute(_SETTLE, row)
    statement.moved(case.conn, case.terminal, found.msgid, output["setlinfo"])
    if case.body.kind in SALES:
        lines = bodies.fee_lines(case.body.plan[0], "drugdetail")
        prices.sold(case.conn, institution, lines, case.now_ms)
    if found.standing.remote and split.fund_pay_sumamt_fen:  # another pool's money, advanced here
        owed = {"setl_id": setl_id, "home": found.standing.home.region}
        when = {"month": civil(case.now_ms).strftime("%Y%m"), "at_text": stamp(case.now_ms)}
        place = {"fixmedins_code": institution, "fen": split.fund_pay_sumamt_fen}
        clearing.advanced(case.conn, owed | when | place)
    _monitor(case, found)


def _monitor(case: Case, found: Quote) -> None:
    """S1: told once, by the settlement that crosses the line."""
    line = case.region.monitor.line_fen()
    after = found.settled.after.personal_fen
    if after <= line or after - found.delta["personal_fen"] > line:
        return
    place = t.Place(case.terminal.name, case.epoch, case.seq)
    t.note(case.conn, "monitor_half_income", case.now_ms, place)
