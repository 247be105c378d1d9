"""Sell medicine on an electronic prescription (2102 with rxno, rx_circ_flag 1): downloaded, checked,
reviewed by a pharmacist, dispensed once. Without the centre only what this pharmacy has locked already
(`Site.decide`).
"""

from __future__ import annotations

from typing import Final

from edge.core.prescription import DRUGS_MAX
from edge.core.tx import _forms, pharmacy
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time

KIND: Final = "prescription"
INFNO: Final = "2102"
PLAN: Final = ("2102",)
OFFLINE: Final = "provisional"
NEEDS: Final = frozenset({"identity", "prescription", "estimate", "confirm"})
MED_TYPE: Final = "41"
RXNO_MAX: Final = 30
PASSED: Final = "1"  # rxChkStasCodg


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """As a pharmacy sale; `rxno` "" = the patient chooses among theirs."""
    if bill.rxno and not (bill.rxno.isalnum() and bill.rxno.isascii() and len(bill.rxno) <= RXNO_MAX):
        return _forms.refuse("E-TX-04", f"rxno has at most {RXNO_MAX} letters and digits")
    if len(bill.lines) > DRUGS_MAX:
        return _forms.refuse("E-TX-03", f"a prescription has at most {DRUGS_MAX} drugs")
    return pharmacy.check(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2102 with its drugs, each of them of this prescription, and the pharmacist's yes]."""
    (plan,) = pharmacy.plan(ticket, msgids)
    rxno = ticket.bill.rxno
    rows = [row | {"rxno": rxno, "rx_circ_flag": "1"} for row in plan["input"]["drugdetail"]]
    review = {
        "hiRxno": rxno,
        "rxChkStasCodg": PASSED if ticket.reviewer else "",
        "pharName": ticket.reviewer,
        "pharChkTime": inf_time(ticket.settings, ticket.at.utc_ms),
    }
    given = plan["input"] | {"drugdetail": rows, "rxinfo": review}
    return _forms.common(ticket, KIND, [plan | {"input": given}])


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Which prescription, and who pays what."""
    return (("slip.rxno", bill.rxno), *_forms.money_slip(bill, split))
