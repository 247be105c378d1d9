"""A step of a whole visit by face or code (F04, 全流程用码): consultation 01201, report 01303, medicine
01302, each with the same person and the visit that 01101 registered; 01301 is the settlement itself.
Never without the centre: only it knows whether the step before was taken, and whether it is paid.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "step"
INFNO: Final = "step"
PLAN: Final = ("step",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
STEPS: Final = ("01201", "01302", "01303")


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """A step of a visit that is known; no money."""
    if bill.business not in STEPS:
        return _forms.refuse("E-TX-04", f"business must be one of {', '.join(STEPS)}")
    if not bill.mdtrt_id:
        return _forms.refuse("E-TX-04", "a step needs the mdtrt_id of its visit")
    return _forms.check_free(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[step]."""
    (msgid,) = msgids
    data = _forms.cert(ticket) | {"mdtrt_id": ticket.bill.mdtrt_id, "businessType": ticket.bill.business}
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; the rest comes with the centre's word."""
    return (("slip.bill_no", bill.bill_no),)
