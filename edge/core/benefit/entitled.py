"""Whether there is any benefit on a day: since when somebody is covered, whether the disease is
recognised and open, whether a place outside is filed. Days are ISO texts ("2024-12-01"), which
compare as they read; "" = not said. A business "no" is a code of the protocol.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from edge.core.benefit.rules import SCENES, Disease, RegionRules, Waiting
from edge.errors import EdgeError

MONTHS_MAX: Final = 60
FOREVER: Final = "9999-12-31"
UNFILED: Final = "unfiled"


class Enrolment(Struct, frozen=True):
    """One payment of the premium as it counts for the waiting period."""

    paid_on: str
    in_period: bool  # within the central period of enrolment
    missed_years: int = 0  # years without insurance before
    repaired_years: int = 0  # of those, paid afterwards
    born_on: str = ""
    year_from: str = ""  # the insured year begins here; "" = on the day of payment


class Recognition(Struct, frozen=True):
    """慢特病认定: this person has this disease between these days."""

    dise_codg: str
    begndate: str
    enddate: str = FOREVER


class Filing(Struct, frozen=True):
    """异地就医备案 (2501): a kind of `remote_factor`, for a place (6 digits; the first four count),
    between these days.
    """

    kind: str
    mdtrtarea_admdvs: str
    begndate: str
    enddate: str = FOREVER


def day(text: str) -> date:
    """A civil day. EdgeError E-TX-14 when it is none."""
    try:
        if len(text) != len("2024-12-01"):
            raise ValueError(text[:20])
        return date.fromisoformat(text)
    except ValueError as error:
        raise EdgeError("E-TX-14", "not a day", 'write it like "2024-12-01"') from error


def months_later(first: date, months: int) -> date:
    """The same day so many months on; the month's last where it has no such day."""
    assert 0 <= months <= MONTHS_MAX, months
    year, month = divmod(first.month - 1 + months, 12)
    start = date(first.year + year, month + 1, 1)
    after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return min(start + timedelta(days=first.day - 1), after - timedelta(days=1))


def waiting_months(enrolment: Enrolment, rule: Waiting) -> int:
    """Nothing for who paid in time and never lapsed; else the fixed months and one more for each
    missed year that was not repaired.
    """
    missed = max(0, enrolment.missed_years)
    if enrolment.in_period and not missed:
        return 0
    open_years = max(0, missed - max(0, enrolment.repaired_years))
    months = rule.fixed_months + rule.per_missed_year_months * open_years
    if missed >= rule.lapsed_years:
        months = max(months, rule.lapsed_min_months)
    return min(months, MONTHS_MAX)


def covered_from(enrolment: Enrolment, rule: Waiting) -> str:
    """The first day with benefit. A newborn insured within `newborn_days` is covered from birth;
    the day of birth is day 0."""
    paid = day(enrolment.paid_on)
    if enrolment.born_on:
        age_days = (paid - day(enrolment.born_on)).days
        if 0 <= age_days <= rule.newborn_days:
            return enrolment.born_on
    months = waiting_months(enrolment, rule)
    if months:
        return months_later(paid, months).isoformat()
    return max(enrolment.paid_on, enrolment.year_from)


def disease_for(rules: RegionRules, dise_codg: str) -> Disease | None:
    """The row of this code or of one of its other codes."""
    return next((one for one in rules.diseases if dise_codg in (one.code, *one.alt)), None)


def filed_as(filings: tuple[Filing, ...], admdvs: str, on: str) -> str:
    """The kind of the filing that covers this place on this day; "unfiled" when none does."""
    for one in filings:
        place = one.mdtrtarea_admdvs
        digits = 2 if place[2:] == "0000" else 4  # a whole province, or one pool
        if place[:digits] == admdvs[:digits] and one.begndate <= on <= one.enddate:
            return one.kind
    return UNFILED


def why_not(
    rules: RegionRules,
    *,
    on: str,
    med_type: str,
    covered: str = "",
    dise_codg: str = "",
    recognitions: tuple[Recognition, ...] = (),
    remote: str = "",
) -> str:
    """2001 人员待遇享受检查: "" or why there is no benefit on this day. `remote` is "" at home, else
    what `filed_as` says. The order is that of the terminal's checks (DOMAIN §3.6).
    """
    if covered and on < covered:
        return "waiting"
    scene = SCENES.get(med_type, "none")
    if scene == "chronic":
        disease = disease_for(rules, dise_codg)
        if disease is None:
            return "disease_unknown"
        codes = (disease.code, *disease.alt)
        mine = [one for one in recognitions if one.dise_codg in codes]
        if not any(one.begndate <= on <= one.enddate for one in mine):
            return "disease_expired" if mine else "disease_not_recognised"
        if remote and on < disease.since:
            return "disease_not_open"
    if remote == UNFILED and scene in rules.filed_scenes:
        return "not_filed"
    return ""
