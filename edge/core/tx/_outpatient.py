"""What every outpatient settlement is made of: 2201, 2203A where a disease is named, 2204, 2207."""

from __future__ import annotations

from edge.core.money import yuan
from edge.core.tx import _forms
from edge.core.types import Json
from edge.core.visit.ticket import Ticket, inf_time


def plan(ticket: Ticket, ids: dict[str, str], med_type: str) -> list[Json]:
    """[2201 unless mdtrt_id is known, 2203A when it is in `ids`, 2204, 2207]. Without mdtrt_id the
    centre fills in the one it makes in 2201.
    """
    bill = ticket.bill
    who = _forms.cert(ticket)
    visit = {"mdtrt_id": bill.mdtrt_id, "psn_no": who["psn_no"], "chrg_bchno": bill.bill_no}
    disease = {"dise_codg": bill.dise_codg, "dise_name": bill.dise_name} if bill.dise_codg else {}
    calls = [] if bill.mdtrt_id else [_forms.registration(ticket, ids["2201"])]
    if "2203A" in ids:
        calls.append(_forms.call("2203A", ids["2203A"], mdtrtinfo=_diagnosis(ticket, med_type)))
    rows = [visit | row for row in _forms.fee_rows(ticket)]
    calls.append(_forms.call("2204", ids["2204"], feedetail=rows))
    data = who | _forms.scopes(ticket) | disease | {
        "med_type": med_type,
        "medfee_sumamt": yuan(bill.amount_fen),
        "psn_setlway": "01",
        "mdtrt_id": bill.mdtrt_id,
        "chrg_bchno": bill.bill_no,
        "acct_used_flag": _forms.acct_used_flag(ticket),
        "insutype": _forms.insutype(ticket),
        "invono": bill.bill_no,
    }  # fmt: skip
    calls.append(_forms.call("2207", ids["2207"], data=data))
    return calls


def _diagnosis(ticket: Ticket, med_type: str) -> Json:
    """2203A `mdtrtinfo`: which recognised disease the visit is for."""
    bill = ticket.bill
    return {
        "mdtrt_id": bill.mdtrt_id,
        "psn_no": _forms.cert(ticket)["psn_no"],
        "med_type": med_type,
        "begntime": bill.begntime or inf_time(ticket.settings, ticket.at.utc_ms),
        "main_cond_dscr": bill.dise_name,
        "dise_codg": bill.dise_codg,
        "dise_name": bill.dise_name,
    }
