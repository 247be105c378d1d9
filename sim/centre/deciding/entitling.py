"""2001 人员待遇享受检查 and 2501 异地就医备案: may this person have benefit here, today, by whose rules?"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import benefit
from edge.core.benefit import Disease, RuleBook
from edge.core.benefit.entitled import FOREVER, UNFILED, day
from edge.core.types import FeeLine, Json
from edge.errors import EdgeError
from sim.centre import bodies
from sim.centre.bodies import Call
from sim.centre.books import entitlements
from sim.centre.books.people import Known
from sim.centre.books.rules import Region

# refl_type of 2501 to the key of `remote_factor`; the real code table was not found (D)
KINDS: Final = {"1": "referral", "2": "filed_long_term", "3": "emergency_unfiled"}


class Standing(Struct, frozen=True):
    """By whose rules a visit is settled: `book` for the engine, `remote` the kind of filing, "" at
    home; `here` the disease as the place of care knows it (its scope), `scene` as the place of
    insurance does."""

    home: Region
    book: RuleBook
    remote: str
    here: Disease | None
    scene: str
    on: str  # the day of service


def stand(
    conn: sa.Connection, region: Region, level: str, person: Known, visit: tuple[str, str, str]
) -> Standing | str:
    """`visit`: med_type, dise_codg, day of service. Or the code that says why not."""
    med_type, dise_codg, on = visit
    home = region.pool_of(person.insuplc_admdvs)
    if home is None:
        return "other_region"  # nobody here has those rules
    filings = entitlements.filed(conn, person.psn_no) if home is not region else ()
    remote = benefit.filed_as(filings, region.region, on) if home is not region else ""
    why = benefit.why_not(
        home.rules,
        on=on,
        med_type=med_type,
        covered=entitlements.coverage(conn, person.psn_no).covered,
        dise_codg=dise_codg,
        recognitions=entitlements.recognised(conn, person.psn_no) if dise_codg else (),
        remote=remote,
    )
    if why == "not_filed" and any(
        benefit.filed_as((one,), region.region, one.begndate) != UNFILED for one in filings
    ):
        return "filing_expired"
    if why:
        return why
    chronic = benefit.SCENES.get(med_type) == "chronic"
    there = benefit.disease_for(home.rules, dise_codg) if chronic else None
    return Standing(
        home=home,
        book=region.away_book(home, level),
        remote=remote,
        here=benefit.disease_for(region.rules, dise_codg) if chronic else None,
        scene=there.scene if there else "",
        on=on,
    )


def service_day(
    conn: sa.Connection, person: Known, lines: tuple[FeeLine, ...], call: Call, today: str
) -> str:
    """The day of service: today, but for somebody covered from birth the day the fee arose."""
    born_on = entitlements.coverage(conn, person.psn_no).born_on
    if not born_on:
        return today
    rows = next((rows for name, rows in call.input.items() if isinstance(rows, list)), [])
    days = [str(row.get("fee_ocur_time", ""))[:10] for row in rows if isinstance(row, dict)]
    assert len(days) <= len(lines), "the lines were read from these rows"
    known = [one for one in days if one]
    return min(max(born_on, min(known)), today) if known else today


# -- 2501 -----------------------------------------------------------------------------------------
class Filed(Struct, frozen=True):
    """A filing that may be written down."""

    row: Json


def filing(
    conn: sa.Connection, person: Known, call: Call, today: str, since: str
) -> Filed | str:
    """The form of 2501, or why it is not taken. `since`: from which day on it may count; today, or
    that of an admission whose stay is open. EdgeErrors of malformed forms pass through."""
    form = call.input.get("refmedin")
    if not isinstance(form, dict):
        raise EdgeError("E-WIR-20", "no refmedin", "send the national form")
    place, kind = bodies.text(form, "mdtrtarea_admdvs"), KINDS.get(bodies.text(form, "refl_type"))
    begin, end = bodies.text(form, "begndate"), bodies.text(form, "enddate", "") or FOREVER
    day(begin), day(end)
    if len(place) != 6 or not place.isascii() or not place.isdigit() or kind is None:
        raise EdgeError("E-WIR-20", "no such place or kind of filing", "6 digits; refl_type 1 to 3")
    if place[:4] == person.insuplc_admdvs[:4]:
        return "filing_at_home"
    if end < begin or end < today:
        return "filing_expired"
    if begin < since:
        return "filing_late"
    for one in entitlements.filed(conn, person.psn_no):
        here = one.mdtrtarea_admdvs[:4] == place[:4]
        if here and one.begndate <= end and begin <= one.enddate:
            return "filing_overlaps"
    row = {"psn_no": person.psn_no, "kind": kind, "mdtrtarea_admdvs": place}
    return Filed(row | {"begndate": begin, "enddate": end})
