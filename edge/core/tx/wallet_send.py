"""Send account money to a relative in another province (医保钱包 转出, F10). No national transaction has
it (`wallet_send` is our own word, as `deposit` is); the record says, signed, who sent how much to whom.
Never without the centre: it holds the accounts, the hours and the counts.
"""

from __future__ import annotations

from typing import Final

from edge.core.money import yuan
from edge.core.tx import _forms
from edge.core.types import TEXT_MAX, Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "wallet_send"
INFNO: Final = "wallet_send"
PLAN: Final = ("wallet_send",)
OFFLINE: Final = "denied"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
MED_TYPES: Final = frozenset({"11"})  # what a Bill has when the HIS says nothing
PSN_MAX: Final = 30


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """An amount and a receiver, no lines."""
    to = bill.remit
    if to is None or not 0 < len(to.psn_no) <= PSN_MAX or not to.psn_no.isprintable():
        return _forms.refuse("E-TX-04", "a transfer needs `remit`: psn_no of the receiver")
    if len(to.psn_name) > TEXT_MAX:
        return _forms.refuse("E-TX-04", f"remit.psn_name is longer than {TEXT_MAX}")
    if bill.lines or bill.amount_fen <= 0:
        return _forms.refuse("E-TX-02", "a transfer has an amount and no lines")
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One word."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[wallet_send]."""
    (msgid,) = msgids
    bill, to = ticket.bill, ticket.bill.remit
    assert to is not None, "the bill was checked"
    data = {
        "psn_no": _forms.cert(ticket)["psn_no"],
        "to_psn_no": to.psn_no,
        "to_psn_name": to.psn_name,
        "amt": yuan(bill.amount_fen),
    }
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """To whom and how much; the rest the centre says."""
    name = bill.remit.shown if bill.remit is not None else ""
    rows = (
        ("slip.bill_no", bill.bill_no),
        ("slip.wallet_to", name),
        ("slip.wallet_amt", yuan(bill.amount_fen)),
    )
    return tuple(row for row in rows if row[1])
