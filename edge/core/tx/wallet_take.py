"""Take what relatives in another province sent (医保钱包 接收, F10): everything that waits for this
person, into their wallet. Our own word, as `wallet_send` is; never without the centre.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "wallet_take"
INFNO: Final = "wallet_take"
PLAN: Final = ("wallet_take",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
MED_TYPES: Final = frozenset({"11"})


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """No amount: what waits is the centre's to say."""
    if bill.amount_fen or bill.lines:
        return _forms.refuse("E-TX-02", "what is taken has no amount and no lines")
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One word."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[wallet_take]."""
    (msgid,) = msgids
    data = {"psn_no": _forms.cert(ticket)["psn_no"]}
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; how much, the centre says."""
    return (("slip.bill_no", bill.bill_no),)
