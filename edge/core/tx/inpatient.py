"""Settle a stay at the bedside and end it: [2301 what was not uploaded before, 2402 出院办理, 2304
住院结算]. What the patient paid as a deposit is set off; the rest is collected or given back. Never
without the centre.

One record, so that nobody is discharged by halves; the settlement is the last message, because its id
is the one that a reversal and a statement name. Taken back (2305) the stay is discharged and owed.
"""

from __future__ import annotations

from typing import Final

from edge.core import benefit
from edge.core.money import yuan
from edge.core.tx import _forms, _stay
from edge.core.types import Bill, BillState, FeeLine, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time
from edge.errors import EdgeError

KIND: Final = "inpatient"
INFNO: Final = "2304"
PLAN: Final = ("2301", "2402", "2304")
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "estimate", "confirm"})
MED_TYPE: Final = ""  # the stay's
HOME: Final = "1"  # dscg_way 医嘱离院


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """The stay, the whole sum of it, and nothing given back twice."""
    why = _stay.check_known(bill, lines=True)
    if why is not None or any(_elsewhere(bill, line.init_feedetl_sn) for line in bill.lines):
        return why  # what was uploaded before is the centre's to net
    try:
        left = benefit.net(bill.lines)
    except EdgeError as error:
        return _forms.refuse(error.code, error.message)
    if sum(line.amount_fen for line in left) > bill.amount_fen:
        return _forms.refuse("E-TX-03", "the lines are more than amount_fen")
    return None


def _elsewhere(bill: Bill, number: str) -> bool:
    return bool(number) and all(line.feedetl_sn != number for line in bill.lines)


def calls(bill: Bill) -> tuple[str, ...]:
    """2301 only when the bill brings lines."""
    return PLAN if bill.lines else PLAN[1:]


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2301 when there are lines, 2402, 2304]."""
    bill, ids = ticket.bill, dict(zip(calls(ticket.bill), msgids, strict=True))
    who = _forms.cert(ticket)
    visit = {"mdtrt_id": bill.mdtrt_id, "psn_no": who["psn_no"]}
    plan = []
    if "2301" in ids:
        batch = visit | {"chrg_bchno": bill.bill_no}
        rows = [batch | _row(line, row) for line, row in zip(bill.lines, _forms.fee_rows(ticket), strict=True)]
        plan.append(_forms.call("2301", ids["2301"], feedetail=rows))
    leaves = visit | {
        "insutype": _forms.insutype(ticket),
        "endtime": inf_time(ticket.settings, ticket.at.utc_ms),
        "dscg_dept_codg": bill.dept_code,
        "dscg_dept_name": bill.dept_name,
        "dscg_way": HOME,
    }
    plan.append(_forms.call("2402", ids["2402"], dscginfo=leaves))
    data = who | _forms.scopes(ticket) | {
        "med_type": _stay.med_type(bill),
        "medfee_sumamt": yuan(bill.amount_fen),
        "psn_setlway": "01",
        "mdtrt_id": bill.mdtrt_id,
        "chrg_bchno": bill.bill_no,
        "acct_used_flag": _forms.acct_used_flag(ticket),
        "insutype": _forms.insutype(ticket),
        "invono": bill.bill_no,
        "mid_setl_flag": "0",
    }  # fmt: skip
    plan.append(_forms.call("2304", ids["2304"], data=data))
    return _forms.common(ticket, KIND, plan)


def _row(line: FeeLine, row: Json) -> Json:
    return row | ({"init_feedetl_sn": line.init_feedetl_sn} if line.init_feedetl_sn else {})


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Who pays what; what the deposit does, the centre says."""
    return _forms.money_slip(bill, split)
