"""2303 and 2304: a stay is settled, its deposit set off. Priced by the rules of `quoting` over what
was uploaded (2301) and what the bill brings, net of what was given back; the deductible is that of one
admission.

By which day: entitled is who was on the day of the admission, filed for that day; the benefit year is
that of the settlement. Taken back (2305, 2601) the deposit is whole again and the stay is owed.
"""

from __future__ import annotations

import sqlalchemy as sa

from edge.core import benefit, money
from edge.core.types import FeeLine, Json
from edge.core.visit.settle.paying import CASH
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Call, PayIn
from sim.centre.books import ledgers, stays
from sim.centre.books.people import Known
from sim.centre.books.stays import Stay
from sim.centre.civil import civil
from sim.centre.deciding import paying, settling
from sim.centre.deciding.case import Case, Done, No, Scene, stamp, taken_back
from sim.centre.deciding.quoting import PLAIN, STAYS, Quote, setlinfo, work_out


def run(case: Case) -> Done | No:
    """Kind `inpatient`."""
    first = settling.before(case)
    if first is not None:
        return first
    if taken_back(case, "2304"):
        return No("reversed_before")
    plan, conn = case.body.plan, case.conn
    scene = Scene(conn, case.terminal, case.region, case.at_ms)
    stay = stay_of(scene, plan, case.person)
    if isinstance(stay, No):
        return stay
    if stays.settled(conn, stay):
        return No("stay_settled")
    if case.body.pay.way != CASH:
        return No("pay_way")
    found = quote(scene, plan, case.person, case.body.pay)
    if isinstance(found, No):
        return found
    if bodies.call(plan, "2402") is not None and not stay.out_at:
        stays.leave(conn, stay, stamp(case.at_ms))
    setl_id = f"{case.region.region}S{case.mark:013d}"
    output = setlinfo(found, case.person, setl_id, stay.mdtrt_id, case.now_ms)
    output["setlinfo"]["clr_optins"] = case.region.region
    output["payinfo"] = paying.payinfo(found.settled, found.payers, CASH)
    output["stayinfo"] = set_off(conn, stay, found)

    def with_deposit(entry: dict[str, int]) -> dict[str, int]:
        """The deposit pays the person's part; what is left of it goes back to their hand."""
        held, cash = stays.deposited_fen(conn, stay), f"cash:{case.person.psn_no}"
        return entry | {cash: entry.get(cash, 0) + held, stay.account: -held}

    settling.book(case, found, setl_id, stay.mdtrt_id, output, moved=with_deposit)
    return Done(output, found.settled.split)


def stay_of(scene: Scene, plan: list[Call], person: Known) -> Stay | No:
    """The stay that 2303 or 2304 names, this person's own."""
    call = bodies.call(plan, *STAYS)
    assert call is not None, "the plan was checked"
    mdtrt_id = bodies.text(bodies.form(call), "mdtrt_id")
    stay = stays.find(scene.conn, scene.terminal.fixmedins_code, mdtrt_id)
    if stay is None:
        return No("not_admitted")
    if stay.psn_no != person.psn_no:
        return No("stay_other_person")
    said = bodies.text(bodies.form(call), "med_type", stay.med_type)
    return stay if said == stay.med_type else No("med_type_differs")


def quote(scene: Scene, plan: list[Call], person: Known, pay: PayIn = PLAIN) -> Quote | No:
    """2303: what a settlement of the stay would come to now. Books nothing."""
    stay = stay_of(scene, plan, person)
    if isinstance(stay, No):
        return stay
    call, detail = bodies.call(plan, *STAYS), bodies.call(plan, "2301")
    assert call is not None, "the plan was checked"
    more = detail.input.get("feedetail") if detail is not None else []
    if not isinstance(more, list) or len(more) > stays.LINES_MAX:
        raise EdgeError("E-WIR-20", "feedetail has no or too many lines", f"{stays.LINES_MAX}")
    lines = together(stays.lines(scene.conn, stay), more)
    return lines if isinstance(lines, No) else _priced(scene, stay, call, lines, (person, pay))


def together(uploaded: list[Json], more: list[Json]) -> tuple[FeeLine, ...] | No:
    """All lines of a stay, net. A line that comes again is the same line."""
    rows = [bodies.fee_line(row, stay=True) for row in (*uploaded, *more)]
    found: dict[str, FeeLine] = {}
    for row in rows:
        if found.setdefault(row.feedetl_sn, row) != row:
            return No("feedetl_sn_used")
    if len(found) > stays.LINES_MAX:
        return No("too_many_lines")
    try:
        return benefit.net(found.values())
    except EdgeError as error:
        if error.code != "E-TX-15":
            raise
        return No("given_back_twice")


def _priced(
    scene: Scene, stay: Stay, call: Call, lines: tuple[FeeLine, ...], who: tuple[Known, PayIn]
) -> Quote | No:
    if not lines:
        return No("no_lines")
    person, pay = who
    data = {"med_type": stay.med_type} | bodies.form(call)  # the admission said it
    call = Call(call.infno, call.msgid, {"data": data})
    year = civil(scene.at_ms).year
    return work_out(scene, call, lines, person, pay=pay, when=(stay.begn[:10], year))


def set_off(conn: sa.Connection, stay: Stay, found: Quote) -> Json:
    """`stayinfo`: the deposit against the person's own part."""
    held, own = stays.deposited_fen(conn, stay), found.settled.split.psn_cash_pay_fen
    used = min(held, own)
    return {
        "deposit_amt": money.yuan(held),
        "deposit_used": money.yuan(used),
        "deposit_refund": money.yuan(held - used),
        "deposit_collect": money.yuan(own - used),
    }


def own_fen(scene: Scene, stay: Stay, person: Known) -> int:
    """The person's own part of what the stay has cost so far; all of it while nobody can say what a
    fund would pay (a filing is missing)."""
    lines = together(stays.lines(scene.conn, stay), [])
    if isinstance(lines, No) or not lines:
        return 0
    total_fen = sum(line.amount_fen for line in lines)
    call = Call("2303", "", {"data": {"medfee_sumamt": money.yuan(total_fen)}})
    found = _priced(scene, stay, call, lines, (person, PLAIN))
    return total_fen if isinstance(found, No) else found.settled.split.psn_cash_pay_fen


def may_stand(conn: sa.Connection, row: sa.RowMapping, entry: dict[str, int]) -> bool:
    """Whether a settlement that was cancelled may stand again as it was: nobody settled the stay
    anew, and its deposit is what it was."""
    stay = stays.find(conn, row["fixmedins_code"], row["mdtrt_id"])
    if stay is None or stays.settled(conn, stay):
        return False
    return ledgers.balance(conn, stay.account) + entry.get(stay.account, 0) == 0
