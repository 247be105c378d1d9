"""What a plan does: 2201 registers, 2204+2207 and 2102 settle, 2208 and 2103 undo. All inside the
message's transaction.

A business "no" is a `No`; the caller turns it into REJECTED (or DUPLICATE with the first result).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from edge.core import benefit, money
from edge.core.benefit import Line, Settlement
from edge.core.books import dialects
from edge.core.books.dialects import Dialect
from edge.core.types import AMOUNT_FEN_MAX, Json, Split
from edge.core.visit.paying import CASH
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Body, Call, PayIn
from sim.centre.books import entitlements, ledgers, orders, people, statement
from sim.centre.books import store as t
from sim.centre.books.people import Known
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.civil import civil
from sim.centre.deciding import clearing, entitling, paying
from sim.centre.deciding.entitling import Standing
from sim.centre.deciding.paying import Pocket

SALES: Final = ("2101", "2102")
PRICED: Final = ("2206", "2207", *SALES)
PLAIN: Final = PayIn()  # accounts in their order, the rest at the desk
MED_TYPES: Final = frozenset({"11", "12", "13", "14", "21", "28", "41"})


_VISIT: Final = t.get(t.visits, "fixmedins_code", "ipt_otp_no", only=("mdtrt_id", "psn_no"))
_OWNER: Final = t.get(t.visits, "mdtrt_id", "fixmedins_code", only=("psn_no",))
_REGISTER: Final = t.visits.insert()
_LIVE: Final = t.get(t.settlements, "fixmedins_code", "bill_no", "live")
_BY_ID: Final = t.get(t.settlements, "setl_id")
_SETTLE: Final = t.settlements.insert()
_END: Final = t.change(t.settlements, "setl_id")


class No(Struct, frozen=True):
    """Why not: a code of the protocol, and the first result when it is a duplicate."""

    code: str
    first: Json | None = None


class Done(Struct, frozen=True):
    """What came of a plan. `split` is None when no money moved."""

    output: Json
    split: Split | None = None


class Case(Struct, frozen=True):
    """One plan to carry out. `mark` is unique for the record and makes its ids; `at_ms` is the
    time of service."""

    conn: sa.Connection
    terminal: Terminal
    region: Region
    body: Body
    person: Known
    mark: int
    epoch: int
    seq: int
    at_ms: int
    now_ms: int
    order: orders.Order | None = None  # the own leg at a bank, held


def insured(person: Known) -> str:
    """ "" or why not: not_insured, suspended, locked."""
    if person.locked:
        return "locked"
    return {"1": "", "2": "suspended"}.get(person.stas, "not_insured")


def run(case: Case) -> Done | No:
    """Carry out the plan of the record. EdgeErrors of malformed forms pass through."""
    kind = case.body.kind
    if kind == "cancel":
        return _cancel(case)
    if why := insured(case.person):
        return No(why)
    if case.region.pool_of(case.person.insuplc_admdvs) is None:
        return No("other_region")  # nobody here has the rules of that pool
    if kind == "file_away":
        return _file(case)
    if kind == "register":
        return _register(case, alone=True)
    return _settle(case)


# -- 2201 -----------------------------------------------------------------------------------------
def _register(case: Case, *, alone: bool) -> Done | No:
    call = bodies.call(case.body.plan, "2201")
    assert call is not None, "the plan was checked"
    number = bodies.text(bodies.form(call), "ipt_otp_no")
    key = t.at(fixmedins_code=case.terminal.fixmedins_code, ipt_otp_no=number)
    row = case.conn.execute(_VISIT, key).first()
    if row is not None and row[1] != case.person.psn_no:
        return No("ipt_otp_no_used")
    if row is not None:
        output = _registered(case, row[0], number)
        return No("duplicate", output) if alone else Done(output)
    mdtrt_id = f"{case.region.region}M{case.mark:013d}"
    visit = {
        "mdtrt_id": mdtrt_id,
        "fixmedins_code": case.terminal.fixmedins_code,
        "ipt_otp_no": number,
    }
    case.conn.execute(_REGISTER, {**visit, "psn_no": case.person.psn_no, "at_ms": case.at_ms})
    return Done(_registered(case, mdtrt_id, number))


def _registered(case: Case, mdtrt_id: str, number: str) -> Json:
    return {"mdtrt_id": mdtrt_id, "psn_no": case.person.psn_no, "ipt_otp_no": number}


def _visit(case: Case) -> str | No:
    """The mdtrt_id this settlement belongs to."""
    if bodies.call(case.body.plan, "2201") is not None:
        done = _register(case, alone=False)
        return done if isinstance(done, No) else str(done.output["mdtrt_id"])
    call = bodies.call(case.body.plan, "2207")
    assert call is not None, "the plan was checked"
    mdtrt_id = bodies.text(bodies.form(call), "mdtrt_id")
    key = t.at(mdtrt_id=mdtrt_id, fixmedins_code=case.terminal.fixmedins_code)
    owner = case.conn.execute(_OWNER, key).scalar()
    return mdtrt_id if owner == case.person.psn_no else No("mdtrt_unknown")


# -- 2501 -----------------------------------------------------------------------------------------
def _file(case: Case) -> Done | No:
    """A filing for another place; its number is told."""
    call = case.body.plan[0]
    today = civil(case.at_ms).date().isoformat()
    found = entitling.filing(case.conn, case.person, call, today)
    if isinstance(found, str):
        return No(found)
    number = f"{case.region.region}B{case.mark:013d}"
    row = {"trt_dcla_detl_sn": number, "fixmedins_code": case.terminal.fixmedins_code}
    entitlements.file(case.conn, found.row | row | {"at_ms": case.now_ms})
    return Done({"trt_dcla_detl_sn": number})


# -- 2204, 2206, 2207, 2102 -----------------------------------------------------------------------
class Quote(Struct, frozen=True):
    """A settlement worked out but not booked."""

    settled: Settlement
    lines: tuple[Line, ...]
    payers: tuple[Pocket, ...]
    found: tuple[Pocket, ...]  # who might have paid
    year: int
    med_type: str
    insutype: str
    delta: dict[str, int]
    msgid: str
    dialect: Dialect
    standing: Standing


class Scene(Struct, frozen=True):
    """Where and when something has its price."""

    conn: sa.Connection
    terminal: Terminal
    region: Region
    at_ms: int


def quote(
    scene: Scene, plan: list[Call], person: Known, pay: PayIn = PLAIN
) -> Quote | No:
    """2206: what a settlement would come to now. Books nothing."""
    conn = scene.conn
    call = bodies.call(plan, *PRICED)
    assert call is not None, "the plan was checked"
    data = bodies.form(call)
    med_type = bodies.text(data, "med_type", "41" if call.infno in SALES else "11")
    insutype = bodies.text(data, "insutype", "") or person.insutype
    if insutype != person.insutype:
        return No("not_insured")
    if med_type not in MED_TYPES or (call.infno in SALES) != (med_type == "41"):
        return No("med_type_unknown")
    detail = bodies.call(plan, "2204")
    raw = bodies.fee_lines(detail, "feedetail") if detail else bodies.fee_lines(call, "drugdetail")
    level, today = scene.terminal.level, civil(scene.at_ms).date().isoformat()
    on = entitling.service_day(conn, person, raw, detail or call, today)
    visit = (med_type, bodies.text(data, "dise_codg", ""), on)
    standing = entitling.stand(conn, scene.region, level, person, visit)
    if isinstance(standing, str):
        return No(standing)
    catalogue = scene.region.catalogue
    lines = benefit.split_lines(raw, catalogue, insutype, level, standing.here)
    scope = benefit.total(lines)
    if money.fen(bodies.text(data, "medfee_sumamt")) != scope.medfee_sumamt_fen:
        return No("amount_differs")
    if not 0 < scope.medfee_sumamt_fen <= AMOUNT_FEN_MAX:
        return No("over_limit")
    pockets = paying.pockets(conn, person)
    payers = paying.chosen(pockets, pay)
    if payers is None:
        return No("mulaid_unknown")
    used = bodies.text(data, "acct_used_flag", "0") == "1"
    accounts = paying.accounts(conn, person, payers, used=used)
    in_year = int(on[:4])
    before = ledgers.year(conn, person.psn_no, insutype, in_year)
    facts = people.facts(person, insutype)
    settled = benefit.settle(
        scope,
        facts,
        before,
        accounts,
        standing.book,
        med_type=med_type,
        remote=standing.remote,
        scene=standing.scene,
    )
    return Quote(
        settled=settled,
        lines=lines,
        payers=payers,
        found=pockets,
        year=in_year,
        med_type=med_type,
        insutype=insutype,
        delta=ledgers.difference(before, settled.after),
        msgid=call.msgid,
        dialect=scene.region.dialect.told,
        standing=standing,
    )


def _settle(case: Case) -> Done | No:
    first = _live(case, case.body.bill_no)
    if first is not None:
        mine = (case.person.psn_no, case.body.kind, total_fen(case.body))
        if (first["psn_no"], first["kind"], first["medfee_fen"]) != mine:
            return No("bill_no_used")  # another bill: nobody learns what somebody else paid
        return No("duplicate", told(first))
    if _taken_back(case, *PRICED):
        return No("reversed_before")
    mdtrt_id = "" if case.body.kind == "pharmacy" else _visit(case)
    if isinstance(mdtrt_id, No):
        return mdtrt_id
    scene = Scene(case.conn, case.terminal, case.region, case.at_ms)
    found = quote(scene, case.body.plan, case.person, case.body.pay)
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
        found.settled, found.payers, case.body.pay.way, case.order.pay_ordid if case.order else ""
    )
    _book(case, found, setl_id, mdtrt_id, output)
    return Done(output, found.settled.split)


def _held(case: Case) -> int:
    return case.order.held_fen if case.order is not None else 0


def total_fen(body: Body) -> int:
    """The fee that the plan itself asks to be settled; 0 = none. `quote` holds the lines to it."""
    call = bodies.call(body.plan, *PRICED)
    return money.fen(bodies.text(bodies.form(call), "medfee_sumamt")) if call is not None else 0


def _live(case: Case, bill_no: str) -> sa.RowMapping | None:
    key = t.at(fixmedins_code=case.terminal.fixmedins_code, bill_no=bill_no, live=1)
    return case.conn.execute(_LIVE, key).mappings().first()


def told(row: sa.RowMapping) -> Json:
    """The output of a settlement as it was told."""
    output: Json = msgspec.json.decode(row["output"])
    return output


def _taken_back(case: Case, *infnos: str) -> bool:
    """2601 came before its original (DOMAIN §1.6): the original must not take effect any more."""
    call = bodies.call(case.body.plan, *infnos)
    assert call is not None, "the plan was checked"
    return statement.buried(case.conn, case.terminal.fixmedins_code, call.msgid) is not None


def stamp(at_ms: int) -> str:
    """A moment as the interface writes it."""
    return civil(at_ms).strftime("%Y-%m-%d %H:%M:%S")


def setlinfo(found: Quote, person: Known, setl_id: str, mdtrt_id: str, at_ms: int) -> Json:
    """The national output of 2207, 2206 (setl_id "") and 2102."""
    info: dict[str, Any] = {
        "mdtrt_id": mdtrt_id,
        "setl_id": setl_id,
        "psn_no": person.psn_no,
        "psn_name": people.mask(person.psn_name),
        "certno": people.mask_certno(person.certno),
        "gend": person.gend,
        "age": str(person.age),
        "insutype": found.insutype,
        "psn_type": person.psn_type,
        "cvlserv_flag": "1" if person.cvlserv else "0",
        "setl_time": stamp(at_ms),
        "med_type": found.med_type,
        "insuplc_admdvs": person.insuplc_admdvs,
        "pool_prop_selfpay": found.settled.ratio,
        "medins_setl_id": found.msgid,
        "clr_type": {"41": "41", "21": "21", "28": "21"}.get(found.med_type, "11"),
        "clr_way": "01",
        **dialects.tell(found.dialect, money.split_fields(found.settled.split)),
    }
    detail = [
        {
            "fund_pay_type": line.fund_pay_type,
            "inscp_scp_amt": money.yuan(line.inscp_scp_amt_fen),
            "fund_payamt": money.yuan(line.fund_payamt_fen),
            "setl_proc_info": line.proc,
        }
        for line in found.settled.funds
    ]
    return {"mdtrt_id": mdtrt_id, "setlinfo": info, "setldetail": detail}


def _book(case: Case, found: Quote, setl_id: str, mdtrt_id: str, output: Json) -> None:
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
    ledgers.post(case.conn, setl_id, entry, case.now_ms)
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


# -- 2208, 2103 -----------------------------------------------------------------------------------
def _cancel(case: Case) -> Done | No:
    call = case.body.plan[0]
    data = bodies.form(call)
    setl_id = bodies.text(data, "setl_id")
    row = case.conn.execute(_BY_ID, t.at(setl_id=setl_id)).mappings().first()
    if row is None or row["fixmedins_code"] != case.terminal.fixmedins_code:
        return No("setl_unknown")
    said = bodies.text(data, "psn_no", "")
    if said not in ("", row["psn_no"]) or (call.infno == "2103") != (row["kind"] == "pharmacy"):
        return No("setl_unknown")
    if not row["live"]:
        return No("duplicate", _negative(row, f"{setl_id}-undo", case.now_ms))
    if _taken_back(case, "2208", "2103"):
        return No("reversed_before")
    if clearing.confirmed(case.conn, setl_id):
        return No("cleared")  # the other pool has paid for it
    output = undo(case.conn, row, f"{setl_id}-undo", case.now_ms)
    statement.moved(case.conn, case.terminal, call.msgid, output["setlinfo"])
    return Done(output)


def undo(conn: sa.Connection, row: sa.RowMapping, undone_by: str, now_ms: int) -> Json:
    """End a live settlement: money, accumulators and the bill number go back. Its mirror image."""
    setl_id = row["setl_id"]
    conn.execute(_END, t.at(setl_id=setl_id) | {"live": 0})
    ledgers.undo(conn, setl_id, undone_by, now_ms)
    orders.undone(conn, setl_id)
    delta = msgspec.json.decode(row["delta"])
    back = {name: -amount for name, amount in delta["fen"].items()}
    ledgers.add_to_year(conn, row["psn_no"], delta["insutype"], row["year"], back)
    return _negative(row, undone_by, now_ms)


def origin(setl_id: str) -> str:
    """The settlement that a derived id (-undo, -rev, -again) belongs to."""
    return setl_id.partition("-")[0]


def _negative(row: sa.RowMapping, undone_by: str, now_ms: int) -> Json:
    """The cancelled settlement as the national output shows it: the same amounts below zero, and
    whose cancellation."""
    output = told(row)
    info = dict(output["setlinfo"])
    names = [name.removesuffix("_fen") for name in Split.__struct_fields__] + ["psn_part_amt"]
    for name in names:
        if name != "balc":
            info[name] = money.yuan(-money.fen(info[name]))
    info["initial_setl_id"], info["setl_id"] = row["setl_id"], undone_by
    info["setl_time"] = stamp(now_ms)
    return {"mdtrt_id": row["mdtrt_id"], "setlinfo": info, "setldetail": []}


def person_of_settlement(conn: sa.Connection, body: Body) -> str:
    """psn_no of the settlement that a cancel names, "" when there is none."""
    try:
        setl_id = bodies.text(bodies.form(body.plan[0]), "setl_id")
    except EdgeError:
        return ""
    row = conn.execute(_BY_ID, t.at(setl_id=setl_id)).mappings().first()
    return "" if row is None else str(row["psn_no"])
