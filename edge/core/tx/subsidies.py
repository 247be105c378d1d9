"""Which subsidies and benefits were paid onto somebody's card (F12, 惠农惠民补贴、社保待遇查询): shown to the owner of the
card alone, by card and living face, and printed. Never without the centre.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "subsidies"
INFNO: Final = "subsidies"
PLAN: Final = ("subsidies",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "live", "confirm"})
MED_TYPE: Final = ""


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """No money."""
    return _forms.check_free(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[subsidies]."""
    (msgid,) = msgids
    data = _forms.cert(ticket)
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; the rest comes with the centre's word."""
    return (("slip.bill_no", bill.bill_no),)
