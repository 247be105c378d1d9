"""Sell medicine at a pharmacy (2102 药店结算, med_type 41)."""

from __future__ import annotations

from typing import Final

from edge.core.money import yuan
from edge.core.tx import _forms
from edge.core.types import Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time

KIND: Final = "pharmacy"
INFNO: Final = "2102"
PLAN: Final = ("2102",)
OFFLINE: Final = "provisional"
NEEDS: Final = frozenset({"identity", "estimate", "confirm"})
MED_TYPE: Final = "41"
MED_TYPES: Final = frozenset({MED_TYPE, "11"})  # "11" is what a Bill has when the HIS says nothing


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """Amount above zero and lines that sum to it."""
    return _forms.check_bill(bill, lines_needed=True, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2102 with its drugs]."""
    return _forms.common(ticket, KIND, plan(ticket, msgids))


def plan(ticket: Ticket, msgids: tuple[str, ...]) -> list[Json]:
    """The calls alone; a sale on a prescription is the same and names it."""
    (msgid,) = msgids
    bill = ticket.bill
    data = _forms.cert(ticket) | _forms.scopes(ticket) | {
        "begntime": inf_time(ticket.settings, ticket.at.utc_ms),
        "med_type": MED_TYPE,
        "medfee_sumamt": yuan(bill.amount_fen),
        "acct_used_flag": _forms.acct_used_flag(ticket),
        "insutype": _forms.insutype(ticket),
        "invono": bill.bill_no,
    }  # fmt: skip
    return [_forms.call("2102", msgid, data=data, drugdetail=_forms.fee_rows(ticket))]


def slip(bill: Bill, split: Split | None) -> tuple[tuple[str, str], ...]:
    """Who pays what."""
    return _forms.money_slip(bill, split)
