"""File for care in another place (2501 异地就医备案). Carries no money: it may wait for the network, the
centre decides it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from edge.core.tx import _forms
from edge.core.types import TEXT_MAX, Bill, BillState, Json, Refusal, Split
from edge.core.visit.ticket import Ticket, inf_time
from edge.core.wishes import Away

KIND: Final = "file_away"
INFNO: Final = "2501"
PLAN: Final = ("2501",)
OFFLINE: Final = "queued"
NEEDS: Final = frozenset({"identity", "confirm"})
MED_TYPE: Final = ""
PLACE_DIGITS: Final = 6
TYPES: Final = ("1", "2", "3")
MED_TYPES: Final = frozenset({"11"})  # what a Bill has when the HIS says nothing


def check(bill: Bill, _state: BillState | None = None) -> Refusal | None:
    """A place, a kind and days; no money."""
    away = bill.away
    if away is None:
        return _forms.refuse("E-TX-04", "a filing needs `away`: place, refl_type, begndate")
    if bill.amount_fen or bill.lines:
        return _forms.refuse("E-TX-04", "a filing carries no money")
    place = away.mdtrtarea_admdvs
    if len(place) != PLACE_DIGITS or not place.isascii() or not place.isdigit():
        return _forms.refuse("E-TX-04", "away.mdtrtarea_admdvs has six digits")
    if away.refl_type not in TYPES:
        return _forms.refuse("E-TX-04", f"away.refl_type must be one of {', '.join(TYPES)}")
    if not _days(away):
        return _forms.refuse("E-TX-14", "away.begndate and enddate are days, the first before")
    texts = (away.tel, away.addr, away.diag_name, away.refl_rea)
    if any(len(text) > TEXT_MAX for text in texts):
        return _forms.refuse("E-TX-04", f"a text of away is longer than {TEXT_MAX}")
    return _forms.check_bill(bill, lines_needed=False, med_types=MED_TYPES)


def _days(away: Away) -> bool:
    days = [away.begndate, *([away.enddate] if away.enddate else [])]
    try:
        return days == sorted(date.fromisoformat(one).isoformat() for one in days)
    except ValueError:
        return False


def calls(_bill: Bill) -> tuple[str, ...]:
    """One call."""
    return PLAN


def body(ticket: Ticket, msgids: tuple[str, ...]) -> Json:
    """[2501]."""
    (msgid,) = msgids
    away, person = ticket.bill.away, ticket.person
    assert away is not None, "the bill was checked"
    form = {
        "psn_no": person.psn_no if person else "",
        "insutype": _forms.insutype(ticket),
        "tel": away.tel,
        "addr": away.addr,
        "insu_optins": person.insuplc_admdvs if person else "",
        "diag_name": away.diag_name,
        "mdtrtarea_admdvs": away.mdtrtarea_admdvs,
        "refl_type": away.refl_type,
        "refl_date": inf_time(ticket.settings, ticket.at.utc_ms)[:10],
        "refl_rea": away.refl_rea,
        "begndate": away.begndate,
        "enddate": away.enddate,
    }
    return _forms.common(ticket, KIND, [_forms.call("2501", msgid, refmedin=form)])


def slip(bill: Bill, _split: Split | None) -> tuple[tuple[str, str], ...]:
    """Where and when; there is no money on it."""
    away = bill.away
    if away is None:
        return (("slip.bill_no", bill.bill_no),)
    rows = (
        ("slip.bill_no", bill.bill_no),
        ("slip.mdtrtarea", away.mdtrtarea_admdvs),
        ("slip.begndate", away.begndate),
        ("slip.enddate", away.enddate),
    )
    return tuple(row for row in rows if row[1])
