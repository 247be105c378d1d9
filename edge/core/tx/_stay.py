"""What admission, deposit and settlement of an inpatient share."""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import Bill, Refusal

# 普通住院, 急诊转住院, 异地住院, 日间手术; maternity (52) and single diseases (26) have rules of their
# own that nobody here knows (DOMAIN §3.8)
MED_TYPES: Final = frozenset({"21", "24", "25", "28"})
UNSAID: Final = "11"  # what a Bill has when the HIS says nothing
PLAIN: Final = "21"


def med_type(bill: Bill) -> str:
    """The bill's, the ordinary stay when it says nothing."""
    return PLAIN if bill.med_type == UNSAID else bill.med_type


def check(bill: Bill, *, lines: bool = False) -> Refusal | None:
    """What every bill of a stay passes; `lines`: it may have some."""
    if bill.lines and not lines:
        return _forms.refuse("E-TX-04", f"{bill.kind} has no lines")
    return _forms.check_bill(
        bill, lines_needed=False, med_types=MED_TYPES | {UNSAID}, stay=True
    )


def check_known(bill: Bill, *, lines: bool = False) -> Refusal | None:
    """The same where the stay is known and money moves."""
    if not bill.mdtrt_id:
        return _forms.refuse("E-TX-16", "mdtrt_id names the stay: it comes from the admission")
    if bill.amount_fen <= 0:
        return _forms.refuse("E-TX-02", "amount_fen must be above 0")
    return check(bill, lines=lines)
