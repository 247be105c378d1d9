"""Activate the e-voucher (医保码激活, F01): the ID card and the living face beside it, the agreement, and
with the network a password. No national number is known for it. Without the network it is an intake
that the centre decides later, without a password.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms
from edge.core.types import TEXT_MAX, Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "activate"
INFNO: Final = "activate"
PLAN: Final = ("activate",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"identity", "live", "secret", "confirm"})
MED_TYPE: Final = ""
MED_TYPES: Final = frozenset({"11"})  # what a Bill has when the HIS says nothing
AGREEMENT: Final = "activation-1"  # the wording on the confirm screen; the text is in the i18n files
CHANNEL_MAX: Final = 32


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """A name and a channel; no money."""
    form = bill.activation
    if form is None or not 0 < len(form.psn_name.strip()) <= TEXT_MAX:
        return _forms.refuse("E-TX-04", "an activation needs `activation.psn_name`")
    if bill.amount_fen or bill.lines:
        return _forms.refuse("E-TX-04", "an activation carries no money")
    if not form.channel.isidentifier() or len(form.channel) > CHANNEL_MAX:
        return _forms.refuse("E-TX-04", "activation.channel is a name of the centre's table")
    if len(form.employer) > TEXT_MAX:
        return _forms.refuse("E-TX-04", f"activation.employer is longer than {TEXT_MAX}")
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[activate]."""
    (msgid,) = msgids
    form = ticket.bill.activation
    assert form is not None, "the bill was checked"
    data = {
        **_forms.cert(ticket),
        "psn_name": form.psn_name.strip(),
        "channel": form.channel,
        "employer": form.employer,
        "agreement": AGREEMENT,
    }
    return _forms.common(ticket, KIND, [_forms.call("activate", msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """The number; what was given comes with the centre's word."""
    return (("slip.bill_no", bill.bill_no),)
