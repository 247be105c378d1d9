"""Undo a settlement: 2208 for outpatient, 2103 for a pharmacy sale, 2305 for an inpatient; of a stay
also the admission (2404) and a deposit. Only with the centre, only once it is settled.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import PAYS, SALES, _forms
from edge.core.types import Bill, BillState, BillStatus, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "cancel"
INFNO: Final = "2208"
PLAN: Final = ("2208", "2103", "2305", "2404", "deposit_back")
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"settled"})
MED_TYPE: Final = ""
# by the kind that is undone; what is not here is 2208
UNDOES: Final = dict.fromkeys(SALES, "2103") | {
    "inpatient": "2305",
    "admit": "2404",
    "deposit": "deposit_back",
}
STAY: Final = frozenset({"admit", "deposit"})  # no settlement, and undone all the same


def check(bill: Bill, state: BillState | None = None) -> Refusal | None:
    """Only a settled bill with a setl_id, and no registration (2202 is another kind)."""
    if bill.kind not in PAYS | STAY:
        return _forms.refuse("E-TX-10", f"a {bill.kind} is not cancelled by this terminal")
    if state is None or state.status not in (BillStatus.SETTLED, BillStatus.ADJUSTED):
        return _forms.refuse("E-TX-05", "only a settled bill can be cancelled")
    if not (state.mdtrt_id if bill.kind == "admit" else state.setl_id):
        return _forms.refuse("E-TX-05", "the centre gave no setl_id for this bill")
    return None


def calls(bill: Bill) -> tuple[str, ...]:
    """One of them, by what is undone."""
    return (UNDOES.get(bill.kind, INFNO),)


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2208], or the one of `UNDOES`."""
    (msgid,) = msgids
    (infno,) = calls(ticket.bill)
    psn_no = ticket.person.psn_no if ticket.person else ""
    data = {"setl_id": ticket.setl_id, "mdtrt_id": ticket.mdtrt_id, "psn_no": psn_no}
    return _forms.common(ticket, KIND, [_forms.call(infno, msgid, data=data)])


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """What was undone."""
    return (("slip.cancelled", bill.bill_no), *_forms.money_slip(bill, split))
