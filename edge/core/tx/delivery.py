"""Sell what was ordered by telephone and is brought home (线上个账购药): 2102 that the personal account pays
alone. The order says who: their phone proved them. Never without the centre.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms, pharmacy
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "delivery"
INFNO: Final = "2102"
PLAN: Final = ("2102",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"order", "identity", "estimate", "confirm"})
MED_TYPE: Final = "41"
ORDER_NO_CHARS: Final = 12


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """As a pharmacy sale, with the order's number; only account money may pay it."""
    number = bill.order_no
    if len(number) != ORDER_NO_CHARS or not number.isalnum() or not number.isascii():
        return _forms.refuse("E-TX-04", f"order_no has {ORDER_NO_CHARS} letters and digits")
    if bill.acct_used_flag != "1":
        return _forms.refuse("E-TX-04", 'acct_used_flag must be "1": nothing else pays an order')
    return pharmacy.check(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2102 with its drugs and the order]."""
    (plan,) = pharmacy.plan(ticket, msgids)
    given = plan["input"] | {"orderinfo": {"order_no": ticket.bill.order_no}}
    return _forms.common(ticket, KIND, [plan | {"input": given}])


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Which order, and what the account pays."""
    return (("slip.order_no", bill.order_no), *_forms.money_slip(bill, split))
