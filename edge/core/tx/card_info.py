"""What is known of a social-security card (F11, 社保卡一卡通): its state and generation, or where else it is
good for something (transit, library, museum) as a list. No money, no national number known.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "card_info"
INFNO: Final = "card_info"
PLAN: Final = ("card_info",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
ITEMS: Final = ("status", "entitlements")


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """What is asked for; no money."""
    if bill.service is None or bill.service.item not in ITEMS:
        return _forms.refuse("E-TX-04", f"service.item must be one of {', '.join(ITEMS)}")
    return _forms.check_free(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[card_info]."""
    (msgid,) = msgids
    data = _forms.cert(ticket) | {"item": ticket.bill.service.item if ticket.bill.service else ""}
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; the rest comes with the centre's word."""
    return (("slip.bill_no", bill.bill_no),)
