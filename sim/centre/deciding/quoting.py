"""2206: what a settlement comes to, worked out and not booked; the national output of it."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from edge.core import benefit, money
from edge.core.benefit import Line, Settlement
from edge.core.books import dialects
from edge.core.books.dialects import Dialect
from edge.core.types import AMOUNT_FEN_MAX, FeeLine, Json
from sim.centre import bodies
from sim.centre.bodies import Body, Call, PayIn
from sim.centre.books import ledgers, people, stays
from sim.centre.books.people import Known
from sim.centre.civil import civil
from sim.centre.deciding import entitling, paying
from sim.centre.deciding.case import No, Scene, stamp
from sim.centre.deciding.entitling import Standing
from sim.centre.deciding.paying import Pocket

SALES: Final = ("2101", "2102")
STAYS: Final = ("2303", "2304")
PRICED: Final = ("2206", "2207", *STAYS, *SALES)
CLR_TYPES: Final = {"pharmacy": "41", "inpatient": "21"}
PLAIN: Final = PayIn()  # accounts in their order, the rest at the desk
MED_TYPES: Final = frozenset({"11", "12", "13", "14", "21", "24", "25", "28", "41"})


def in_ward(med_type: str) -> bool:
    """Whether it is a stay."""
    return med_type in MED_TYPES and benefit.SCENES.get(med_type) == "inpatient"


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


def quote(
    scene: Scene, plan: list[Call], person: Known, pay: PayIn = PLAIN
) -> Quote | No:
    """2206: what a settlement would come to now. Books nothing."""
    call = bodies.call(plan, *PRICED)
    assert call is not None, "the plan was checked"
    detail = bodies.call(plan, "2204")
    raw = bodies.fee_lines(detail, "feedetail") if detail else bodies.fee_lines(call, "drugdetail")
    today = civil(scene.at_ms).date().isoformat()
    if stays.lay(scene.conn, person.psn_no, _arose(detail or call, stamp(scene.at_ms))):
        return No("hospitalised")  # what they need they get in the ward (DOMAIN §4.4)
    on = entitling.service_day(scene.conn, person, raw, detail or call, today)
    return work_out(scene, call, raw, person, pay=pay, when=(on, int(on[:4])))


def _arose(call: Call, now: str) -> str:
    """When the newest of the fees arose: who is admitted from an emergency room pays for that later."""
    rows = next((rows for rows in call.input.values() if isinstance(rows, list)), [])
    times = [str(row.get("fee_ocur_time") or now) for row in rows if isinstance(row, dict)]
    return min(max(times, default=now), now)


def work_out(
    scene: Scene,
    call: Call,
    raw: tuple[FeeLine, ...],
    person: Known,
    *,
    pay: PayIn,
    when: tuple[str, int],
) -> Quote | No:
    """The same for lines that are known. `when`: the day by which the person is entitled, and the
    benefit year."""
    conn, (on, in_year) = scene.conn, when
    data, level = bodies.form(call), scene.terminal.level
    med_type = med_type_of(call)
    insutype = bodies.text(data, "insutype", "") or person.insutype
    if insutype != person.insutype:
        return No("not_insured")
    asked = "inpatient" if call.infno in STAYS else "pharmacy" if call.infno in SALES else ""
    if med_type not in MED_TYPES or CLR_TYPES.get(asked) != CLR_TYPES.get(benefit.SCENES[med_type]):
        return No("med_type_unknown")
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


def med_type_of(call: Call) -> str:
    """The med_type of a call that has a price."""
    return bodies.text(bodies.form(call), "med_type", "41" if call.infno in SALES else "11")


def total_fen(body: Body) -> int:
    """The fee that the plan itself asks to be settled; 0 = none. `quote` holds the lines to it."""
    call = bodies.call(body.plan, *PRICED)
    return money.fen(bodies.text(bodies.form(call), "medfee_sumamt")) if call is not None else 0


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
        "clr_type": CLR_TYPES.get(benefit.SCENES.get(found.med_type, ""), "11"),
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
