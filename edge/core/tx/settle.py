"""Settle an outpatient bill (2204 lines + 2207 settlement; 2201 first when the visit has no
mdtrt_id).
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms, _outpatient
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "settle"
INFNO: Final = "2207"
PLAN: Final = ("2201", "2204", "2207")
OFFLINE: Final = "provisional"
NEEDS: Final = frozenset({"identity", "estimate", "confirm"})
MED_TYPE: Final = ""  # the bill says
MED_TYPES: Final = frozenset({"11", "13"})  # 14 is the kind `chronic`: it needs a disease


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Amount above zero and lines that sum to it."""
    return _forms.check_bill(bill, lines_needed=True, med_types=MED_TYPES)


def calls(bill: Bill) -> tuple[str, ...]:
    """2201 only when nobody has registered the visit."""
    return PLAN[1:] if bill.mdtrt_id else PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2201 unless mdtrt_id is known, 2204, 2207]."""
    ids = dict(zip(calls(ticket.bill), msgids, strict=True))
    return _forms.common(ticket, KIND, _outpatient.plan(ticket, ids, ticket.bill.med_type))


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Who pays what."""
    return _forms.money_slip(bill, split)
