"""Collect what was paid with a phone (取药, businessType 01302; F06): the patient says who they are, the
centre says whether it is paid and was not collected before. No money, and nothing without the centre.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "collect"
INFNO: Final = "6301"
PLAN: Final = ("6301",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
MED_TYPES: Final = frozenset({"11"})  # what a Bill has when the HIS says nothing


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """`bill_no` is the order as the HIS calls it (medOrgOrd); nothing is paid here."""
    if bill.amount_fen or bill.lines:
        return _forms.refuse("E-TX-04", "what is collected is paid: no amount and no lines")
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[6301]: which order, whose, for what."""
    (msgid,) = msgids
    person = ticket.person
    data = {
        "medOrgOrd": ticket.bill.bill_no,
        "psnNo": person.psn_no if person else "",
        "businessType": "01302",
    }
    return _forms.common(ticket, KIND, [_forms.call("6301", msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The order's number; there is no money on it."""
    return (("slip.bill_no", bill.bill_no),)
