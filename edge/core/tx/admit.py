"""Admit somebody to a ward (2401 入院办理, businessType 01103). Carries no money, so it may wait for the
network as a registration may; the centre decides it. Everything of the stay names the `mdtrt_id` that
comes of it.
"""

from __future__ import annotations

from typing import Final

from edge.core.tx import _forms, _stay
from edge.core.types import TEXT_MAX, Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time

KIND: Final = "admit"
INFNO: Final = "2401"
PLAN: Final = ("2401",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""  # the bill says


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """A number of the stay and no money; where it is, is the centre's affair."""
    stay = bill.admission
    if stay is None:
        return _forms.refuse("E-TX-04", "an admission needs `admission`: ipt_no")
    if bill.amount_fen or bill.mdtrt_id:
        return _forms.refuse("E-TX-04", "an admission has no amount and no mdtrt_id yet")
    if not 0 < len(stay.ipt_no) <= _forms.BILL_NO_MAX or not stay.ipt_no.isprintable():
        return _forms.refuse("E-TX-04", f"ipt_no has 1 to {_forms.BILL_NO_MAX} characters")
    texts = (stay.adm_bed, stay.adm_diag_dscr, stay.coner_name, stay.tel)
    if any(len(text) > TEXT_MAX for text in texts):
        return _forms.refuse("E-TX-04", f"a text of admission is longer than {TEXT_MAX}")
    return _stay.check(bill)


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2401]."""
    (msgid,) = msgids
    bill, stay = ticket.bill, ticket.bill.admission
    assert stay is not None, "the bill was checked"
    info = _forms.cert(ticket) | {
        "insutype": _forms.insutype(ticket),
        "coner_name": stay.coner_name,
        "tel": stay.tel,
        "begntime": bill.begntime or inf_time(ticket.settings, ticket.at.utc_ms),
        "med_type": _stay.med_type(bill),
        "ipt_no": stay.ipt_no,
        "atddr_no": bill.atddr_no,
        "chfpdr_name": bill.dr_name,
        "adm_diag_dscr": stay.adm_diag_dscr,
        "adm_dept_codg": bill.dept_code,
        "adm_dept_name": bill.dept_name,
        "adm_bed": stay.adm_bed,
    }
    return _forms.common(ticket, KIND, [_forms.call(INFNO, msgid, mdtrtinfo=info)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """Which stay, which ward, which bed; there is no money on it."""
    stay = bill.admission
    rows = (
        ("slip.bill_no", bill.bill_no),
        ("slip.ipt_no", stay.ipt_no if stay else ""),
        ("slip.dept_name", bill.dept_name),
        ("slip.adm_bed", stay.adm_bed if stay else ""),
        ("slip.dr_name", bill.dr_name),
    )
    return tuple(row for row in rows if row[1])
