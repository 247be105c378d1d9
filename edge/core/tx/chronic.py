"""Settle an outpatient bill of a recognised chronic disease (门诊慢特病, med_type 14): the disease is
named in 2203A and 2207, and only what belongs to it has its higher benefit. Whether the
disease is recognised is known only to the centre: without it a visit pass must say so.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms, _outpatient
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "chronic"
INFNO: Final = "2207"
PLAN: Final = ("2201", "2203A", "2204", "2207")
OFFLINE: Final = "vouched"
NEEDS: Final = frozenset({"identity", "estimate", "confirm"})
MED_TYPE: Final = "14"
MED_TYPES: Final = frozenset({MED_TYPE, "11"})  # "11" is what a Bill has when the HIS says nothing


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """As every settlement, and the code of the disease."""
    if not bill.dise_codg.isalnum() or not bill.dise_codg.isascii():
        return _forms.refuse("E-TX-04", "dise_codg must be the code of a disease, as M03900")
    return _forms.check_bill(bill, lines_needed=True, med_types=MED_TYPES)


def calls(bill: Bill) -> tuple[str, ...]:
    """2201 only when nobody has registered the visit."""
    return PLAN[1:] if bill.mdtrt_id else PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2201 unless mdtrt_id is known, 2203A, 2204, 2207]."""
    ids = dict(zip(calls(ticket.bill), msgids, strict=True))
    return _forms.common(ticket, KIND, _outpatient.plan(ticket, ids, MED_TYPE))


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """The disease, and who pays what."""
    return (("slip.dise_name", bill.dise_name or bill.dise_codg), *_forms.money_slip(bill, split))
