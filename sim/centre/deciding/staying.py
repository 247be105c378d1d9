"""2401 and 2404, deposits (01104): who lies where, and what they have paid in for it.

Once a person is in a ward they are in no other; who left a ward and never settled is not admitted
there again. An admission needs no filing (2501): it may come before the discharge, and the answer
says so.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from edge.core import money
from edge.core.tx import deposit as kind
from edge.core.types import AMOUNT_FEN_MAX, Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Body, Call
from sim.centre.books import stays
from sim.centre.books.people import Known
from sim.centre.books.registry import Terminal
from sim.centre.books.stays import Stay
from sim.centre.deciding import discharging, entitling
from sim.centre.deciding.case import Case, Done, No, Scene, stamp, taken_back
from sim.centre.deciding.quoting import in_ward

UNDOES: Final = frozenset({"2404", "deposit_back"})


# -- admission -------------------------------------------------------------------------------------
def admit(case: Case) -> Done | No:
    """2401. The same number again is the same stay."""
    call = case.body.plan[0]
    info, person, institution = _info(call), case.person, case.terminal.fixmedins_code
    ipt_no, med_type = bodies.text(info, "ipt_no"), bodies.text(info, "med_type")
    known = stays.numbered(case.conn, institution, ipt_no)
    if known is not None:
        mine = known.psn_no == person.psn_no
        return No("duplicate", {"mdtrt_id": known.mdtrt_id}) if mine else No("ipt_no_used")
    if taken_back(case, "2401"):
        return No("reversed_before")
    if not in_ward(med_type):
        return No("med_type_unknown")
    if why := _elsewhere(case, person.psn_no):
        return No(why)
    begn = bodies.text(info, "begntime", "") or stamp(case.at_ms)
    if begn > stamp(case.now_ms):
        return No("begntime_in_future")
    standing = entitling.stand(
        case.conn, case.region, case.terminal.level, person, (med_type, "", begn[:10])
    )
    late = standing in ("not_filed", "filing_expired")
    if isinstance(standing, str) and not late:
        return No(standing)
    stay = Stay(
        mdtrt_id=f"{case.region.region}M{case.mark:013d}",
        fixmedins_code=institution,
        ipt_no=ipt_no,
        psn_no=person.psn_no,
        med_type=med_type,
        begn=begn,
        adm_dept_name=bodies.text(info, "adm_dept_name", ""),
        adm_bed=bodies.text(info, "adm_bed", ""),
        out_at="",
    )
    stays.admit(case.conn, stay, call.msgid)
    warned: Json = {"trt_warn": "not_filed", "mdtrtarea": case.region.region} if late else {}
    return Done({"mdtrt_id": stay.mdtrt_id} | ({"stayinfo": warned} if warned else {}))


def _info(call: Call) -> Json:
    return bodies.form(call, "mdtrtinfo")


def _elsewhere(case: Case, psn_no: str) -> str:
    here = case.terminal.fixmedins_code
    for stay in stays.of_person(case.conn, psn_no):
        if not stay.out_at:
            return "in_hospital" if stay.fixmedins_code == here else "in_hospital_elsewhere"
        if stay.fixmedins_code == here and not stays.settled(case.conn, stay):
            return "open_arrears"
    return ""


def unadmit(case: Case) -> Done | No:
    """2404: the admission is taken back while nothing hangs on it."""
    stay = mine(case, bodies.form(case.body.plan[0]))
    if isinstance(stay, No):
        return stay
    if why := _used(case.conn, stay):
        return No(why)
    stays.void(case.conn, stay)
    return Done({"mdtrt_id": stay.mdtrt_id})


def withdraw(conn: sa.Connection, terminal: Terminal, omsgid: str, psn_no: str) -> str | No:
    """2601 of a 2401: whose it was, "" when there is none."""
    stay = stays.by_msgid(conn, terminal.fixmedins_code, omsgid)
    if stay is None:
        return ""
    if psn_no not in ("", stay.psn_no):
        return No("setl_unknown")
    if why := _used(conn, stay):
        return No(why)
    stays.void(conn, stay)
    return stay.psn_no


def _used(conn: sa.Connection, stay: Stay) -> str:
    """Why an admission can no longer be taken back."""
    if stays.settled(conn, stay):
        return "stay_settled"
    if stays.deposited_fen(conn, stay):
        return "deposit_open"
    return "fees_open" if stays.lines(conn, stay) else ""


def mine(case: Case, data: Json) -> Stay | No:
    """The stay that a form names, and that it is this person's."""
    return of(case.conn, case.terminal, case.person, bodies.text(data, "mdtrt_id"))


def of(conn: sa.Connection, terminal: Terminal, person: Known, mdtrt_id: str) -> Stay | No:
    """The same by its number."""
    stay = stays.find(conn, terminal.fixmedins_code, mdtrt_id)
    if stay is None:
        return No("not_admitted")
    return stay if stay.psn_no == person.psn_no else No("stay_other_person")


def person_of(conn: sa.Connection, body: Body) -> str:
    """psn_no of the stay or the deposit that a cancel names, "" when there is none."""
    try:
        data = bodies.form(body.plan[0])
        number = bodies.text(data, "mdtrt_id")
    except EdgeError:
        return ""
    stay = stays.find(conn, body.fixmedins_code, number)
    return "" if stay is None else stay.psn_no


# -- deposits --------------------------------------------------------------------------------------
def deposit(case: Case) -> Done | No:
    """The patient's own money, held for the stay."""
    data = bodies.form(case.body.plan[0])
    amount_fen = money.fen(bodies.text(data, "deposit_amt"))
    stay = mine(case, data)
    if isinstance(stay, No):
        return stay
    if bodies.text(data, "businessType") != kind.BUSINESS or not 0 < amount_fen <= AMOUNT_FEN_MAX:
        return No("over_limit")
    bill_no, institution = case.body.bill_no, stay.fixmedins_code
    first = stays.deposit_billed(case.conn, institution, bill_no)
    if first is not None:
        if (first.mdtrt_id, first.fen) != (stay.mdtrt_id, amount_fen):
            return No("bill_no_used")
        return No("duplicate", _told(case, stay, first.deposit_sn))
    if stays.settled(case.conn, stay):
        return No("stay_settled")
    number = f"{case.region.region}D{case.mark:013d}"
    row = {"deposit_sn": number, "bill_no": bill_no, "fen": amount_fen, "at_ms": case.now_ms}
    stays.pay_in(case.conn, stay, row)
    return Done(_told(case, stay, number))


def give_back(case: Case) -> Done | No:
    """A deposit goes back to the hand it came from, before the settlement."""
    data = bodies.form(case.body.plan[0])
    stay = mine(case, data)
    if isinstance(stay, No):
        return stay
    one = stays.deposit(case.conn, stay.fixmedins_code, bodies.text(data, "setl_id"))
    if one is None or one.mdtrt_id != stay.mdtrt_id:
        return No("setl_unknown")
    if not one.live:
        return No("duplicate", _told(case, stay, one.deposit_sn))
    if stays.settled(case.conn, stay):
        return No("stay_settled")  # it is set off by now: the settlement is taken back first
    stays.pay_back(case.conn, one, case.now_ms)
    return Done(_told(case, stay, one.deposit_sn))


def _told(case: Case, stay: Stay, number: str) -> Json:
    """Where the stay's money stands now."""
    held = stays.deposited_fen(case.conn, stay)
    scene = Scene(case.conn, case.terminal, case.region, case.at_ms)
    own = discharging.own_fen(scene, stay, case.person)
    info = {
        "deposit_sn": number,
        "deposit_amt": money.yuan(held),
        "arrears_amt": money.yuan(max(0, own - held)),
    }
    return {"mdtrt_id": stay.mdtrt_id, "stayinfo": info}
