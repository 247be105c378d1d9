"""Settle an outpatient bill (2204 lines + 2207 settlement; 2201 first when the visit has no
mdtrt_id).
"""

from __future__ import annotations

from typing import Final

from edge.core.money import yuan
from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "settle"
INFNO: Final = "2207"
PLAN: Final = ("2201", "2204", "2207")
OFFLINE: Final = "provisional"
NEEDS: Final = frozenset({"identity", "estimate", "confirm"})
MED_TYPE: Final = ""  # the bill says
MED_TYPES: Final = frozenset({"11", "13", "14"})


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Amount above zero and lines that sum to it."""
    return _forms.check_bill(bill, lines_needed=True, med_types=MED_TYPES)


def calls(bill: Bill) -> tuple[str, ...]:
    """2201 only when nobody has registered the visit."""
    return PLAN[1:] if bill.mdtrt_id else PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2201 unless mdtrt_id is known, 2204, 2207]. Without mdtrt_id the centre fills in the one it
    makes in 2201.
    """
    bill = ticket.bill
    ids = dict(zip(calls(bill), msgids, strict=True))
    who = _forms.cert(ticket)
    visit = {"mdtrt_id": bill.mdtrt_id, "psn_no": who["psn_no"], "chrg_bchno": bill.bill_no}
    plan = [] if bill.mdtrt_id else [_forms.registration(ticket, ids["2201"])]
    rows = [visit | row for row in _forms.fee_rows(ticket)]
    plan.append(_forms.call("2204", ids["2204"], feedetail=rows))
    data = who | _forms.scopes(ticket) | {
        "med_type": bill.med_type,
        "medfee_sumamt": yuan(bill.amount_fen),
        "psn_setlway": "01",
        "mdtrt_id": bill.mdtrt_id,
        "chrg_bchno": bill.bill_no,
        "acct_used_flag": _forms.acct_used_flag(ticket),
        "insutype": _forms.insutype(ticket),
        "invono": bill.bill_no,
    }  # fmt: skip
    plan.append(_forms.call("2207", ids["2207"], data=data))
    return _forms.common(ticket, KIND, plan)


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Who pays what."""
    return _forms.money_slip(bill, split)
