"""Register an outpatient visit (2201 门诊挂号). Carries no money, so it may wait for the network."""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "register"
INFNO: Final = "2201"
PLAN: Final = ("2201",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""  # the bill says
MED_TYPES: Final = frozenset({"11", "12", "13", "14"})


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Lines are not needed; the amount is what the desk shows, nothing is charged here."""
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2201]."""
    (msgid,) = msgids
    return _forms.common(ticket, KIND, [_forms.registration(ticket, msgid)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """Number and department; there is no money on it."""
    rows = (
        ("slip.bill_no", bill.bill_no),
        ("slip.dept_name", bill.dept_name),
        ("slip.dr_name", bill.dr_name),
    )
    return tuple(row for row in rows if row[1])
