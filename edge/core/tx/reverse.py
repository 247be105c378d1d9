"""Take back what nobody knows the fate of: 2601 names the message, not the settlement (DOMAIN §1.6).

It carries no money of its own and may wait for the network: in the chain it stands behind what it
takes back, so the centre has always decided that before.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import SALES, _forms, cancel
from edge.core.types import Bill, BillState, BillStatus, Json, Refusal, Split
from edge.core.visit.ticket import Ticket

KIND: Final = "reverse"
INFNO: Final = "2601"
PLAN: Final = ("2601",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset[str]()
MED_TYPE: Final = ""
REVERSIBLE: Final = frozenset({"2102", "2103", "2207", "2208", "2304", "2305", "2401"})
DECIDES: Final = dict.fromkeys(SALES, "2102") | {
    "settle": "2207",
    "chronic": "2207",
    "inpatient": "2304",
    "admit": "2401",
    "register": "2201",
    "deposit": "deposit",
}
UNKNOWN: Final = frozenset({BillStatus.CONFIRMING, BillStatus.PROVISIONAL})


def check(bill: Bill, state: BillState | None = None) -> Refusal | None:
    """Only what was sent and is not decided, and whose message may be reversed."""
    if state is None:
        return None
    found = takes_back(state)
    if found is None:
        why = f"nothing of this {bill.kind} is unknown: it is {state.status}"
        return _forms.refuse("E-TX-12", why)
    infno, msgid = found
    if infno not in REVERSIBLE:
        return _forms.refuse("E-TX-13", f"{infno} is not among {', '.join(sorted(REVERSIBLE))}")
    if not msgid:
        return _forms.refuse("E-TX-13", "the record is of an older release and names no message")
    return None


def takes_back(state: BillState) -> tuple[str, str] | None:
    """(oinfno, omsgid) of what is unknown about the bill; None = nothing is."""
    if state.status is BillStatus.WORKING and state.cancel_seq:
        return (cancel.calls(state.bill)[-1], state.cancel_msgid)
    if state.status in UNKNOWN and state.seq:
        return (DECIDES.get(state.bill.kind, ""), state.msgid)
    return None


def calls(_bill: Bill) -> tuple[str, ...]:
    """Always 2601."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2601]."""
    (msgid,) = msgids
    psn_no = ticket.person.psn_no if ticket.person else ""
    data = {"psn_no": psn_no, "omsgid": ticket.omsgid, "oinfno": ticket.oinfno}
    return _forms.common(ticket, KIND, [_forms.call("2601", msgid, data=data)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """What was taken back."""
    return (("slip.cancelled", bill.bill_no),)
