"""What a person is entitled to besides the insurance itself: since when they are covered, recognised
diseases (慢特病认定), filings for other places (异地就医备案, 2501). Each row says who wrote it.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import benefit
from edge.core.benefit import Enrolment, Filing, Recognition, Waiting
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words

ROWS_MAX: Final = 32  # of one person


coverages = table(
    "coverages",
    words("psn_no", primary_key=True),
    words("covered"),  # the first day with benefit
    words("paid_on"),
    words("born_on"),  # "" unless covered from birth
)
recognitions = table(
    "recognitions",
    words("psn_no", primary_key=True),
    words("dise_codg", primary_key=True),
    words("begndate"),
    words("enddate"),
)
filings = table(
    "filings",
    words("trt_dcla_detl_sn", primary_key=True),
    words("psn_no"),
    words("kind"),
    words("mdtrtarea_admdvs"),
    words("begndate"),
    words("enddate"),
    words("fixmedins_code"),
    whole("at_ms"),
    sa.Index("filings_psn", "psn_no"),
)
_COVERED: Final = t.get(coverages, "psn_no", only=("covered", "born_on"))
_KNOWN: Final = t.get(recognitions, "psn_no", only=("dise_codg", "begndate", "enddate"))
_FILED: Final = (
    t.get(filings, "psn_no", only=("kind", "mdtrtarea_admdvs", "begndate", "enddate"))
    .order_by(filings.c.at_ms)
    .limit(ROWS_MAX)
)
_FILE: Final = filings.insert()
_STAS: Final = t.change(t.persons, "psn_no")


class Coverage(Struct, frozen=True):
    """`covered` "" = long since; `born_on` = covered from birth, since it was insured in time."""

    covered: str = ""
    born_on: str = ""


def coverage(conn: sa.Connection, psn_no: str) -> Coverage:
    """Since when this person is covered."""
    row = conn.execute(_COVERED, t.at(psn_no=psn_no)).first()
    return Coverage() if row is None else Coverage(row[0], row[1])


def recognised(conn: sa.Connection, psn_no: str) -> tuple[Recognition, ...]:
    """The diseases that are recognised for this person."""
    rows = conn.execute(_KNOWN.limit(ROWS_MAX), t.at(psn_no=psn_no))
    return tuple(Recognition(*row) for row in rows)


def filed(conn: sa.Connection, psn_no: str) -> tuple[Filing, ...]:
    """The filings of this person, the oldest first."""
    return tuple(Filing(*row) for row in conn.execute(_FILED, t.at(psn_no=psn_no)))


def recognise(
    conn: sa.Connection, psn_no: str, dise_codg: str, begndate: str, enddate: str
) -> None:
    """Write down what a recognising hospital decided (2503); the newest word counts."""
    c = recognitions.c
    conn.execute(recognitions.delete().where(c.psn_no == psn_no, c.dise_codg == dise_codg))
    row = {"psn_no": psn_no, "dise_codg": dise_codg, "begndate": begndate, "enddate": enddate}
    conn.execute(recognitions.insert(), row)


def file(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Write down a filing."""
    conn.execute(_FILE, row)


def enrol(conn: sa.Connection, psn_no: str, enrolment: Enrolment, rule: Waiting) -> str:
    """The premium was paid: the person is insured, and covered from the day that is returned."""
    covered = benefit.covered_from(enrolment, rule)
    born_on = enrolment.born_on if covered == enrolment.born_on else ""
    row = {"psn_no": psn_no, "covered": covered, "paid_on": enrolment.paid_on, "born_on": born_on}
    conn.execute(coverages.delete().where(coverages.c.psn_no == psn_no))
    conn.execute(coverages.insert(), row)
    conn.execute(_STAS, t.at(psn_no=psn_no) | {"stas": "1"})
    return covered
