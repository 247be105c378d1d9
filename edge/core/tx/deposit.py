"""Pay a deposit for a stay (缴纳预交金, businessType 01104): money of the patient's own that the
institution holds until the settlement sets it off. No national transaction books it (`deposit` is our
own word, as `close` is); the record says, signed, who paid how much for which stay. Never without the
centre: only it knows whether the stay is still open.
"""

from __future__ import annotations

from typing import Final

from edge.core.money import yuan
from edge.core.tx import _forms, _stay
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time

KIND: Final = "deposit"
INFNO: Final = "deposit"
PLAN: Final = ("deposit",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
BUSINESS: Final = "01104"


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """A stay and an amount."""
    return _stay.check_known(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One word."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[deposit]."""
    (msgid,) = msgids
    bill = ticket.bill
    data = {
        "mdtrt_id": bill.mdtrt_id,
        "psn_no": _forms.cert(ticket)["psn_no"],
        "businessType": BUSINESS,
        "deposit_amt": yuan(bill.amount_fen),
        "pay_time": inf_time(ticket.settings, ticket.at.utc_ms),
    }
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """How much; where the stay's money stands, the centre says."""
    return (("slip.bill_no", bill.bill_no), ("slip.deposit_now", yuan(bill.amount_fen)))
