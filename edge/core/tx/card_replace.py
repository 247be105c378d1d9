"""Ask for a new social-security card (F11, 补换卡): the old one stops being good when the centre takes the
request. Without the network it is an intake; whoever lost the card is proved by the ID card and face.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "card_replace"
INFNO: Final = "card_replace"
PLAN: Final = ("card_replace",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"identity", "live", "confirm"})
MED_TYPE: Final = ""
REASONS: Final = ("lost", "broken")


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Why; no money."""
    if bill.service is None or bill.service.reason not in REASONS:
        return _forms.refuse("E-TX-04", f"service.reason must be one of {', '.join(REASONS)}")
    return _forms.check_free(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[card_replace]."""
    (msgid,) = msgids
    data = _forms.cert(ticket) | {"reason": ticket.bill.service.reason if ticket.bill.service else ""}
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; the rest comes with the centre's word."""
    return (("slip.bill_no", bill.bill_no),)
