"""2102 with `rxno`: a sale on an electronic prescription. It settles as every sale, and in the same
transaction the prescription is dispensed, or neither happens.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import money, prescription
from edge.core.types import Json
from sim.centre import bodies
from sim.centre.bodies import Call
from sim.centre.deciding import settling
from sim.centre.deciding.case import Case, Done, No
from sim.centre.prescriptions import books
from sim.centre.prescriptions.books import Rx
from sim.centre.prescriptions.status import NO, On, Status

KIND: Final = "prescription"
LATE: Final = frozenset({Status.EXPIRED})  # of now; the sale may be of the time before


class Sale(Struct, frozen=True):
    """Who sells what to whom on which prescription, and when."""

    call: Call
    psn_no: str
    pharmacy: str
    at_ms: int
    now_ms: int


def run(case: Case) -> Done | No:
    """Kind `prescription`."""
    (call,) = case.body.plan
    place = case.terminal.fixmedins_code
    done = settling.run(case)  # a bill that came before is told its first result, whatever came after
    if isinstance(done, No):
        return done
    sale = Sale(call, case.person.psn_no, place, case.at_ms, case.now_ms)
    found = _allowed(case.conn, sale)
    if isinstance(found, No):
        return found
    if (why := _review(case, call, found)) != "":
        return No(why)
    found = books.find(case.conn, found.hi_rxno, found.until_ms) or found
    setl_id = str(done.output["setlinfo"]["setl_id"])
    why = books.dispensed(case.conn, found, place, setl_id, case.now_ms)
    return No(why) if why else done


def why_not(conn: sa.Connection, sale: Sale) -> No | None:
    """For a price (2206, 2101): what would be refused is refused before anybody confirms. A sale
    without a prescription is no business of this file."""
    if not rxnos(sale.call):
        return None
    found = _allowed(conn, sale)
    return found if isinstance(found, No) else None


def rxnos(call: Call) -> set[str]:
    """The prescriptions that the lines name."""
    rows = call.input.get("drugdetail")
    named = (row.get("rxno") for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return {one for one in named if isinstance(one, str) and one}


def _allowed(conn: sa.Connection, sale: Sale) -> Rx | No:
    """The prescription, when this sale may be made on it."""
    numbers = rxnos(sale.call)
    rows = sale.call.input.get("drugdetail")
    if len(numbers) != 1 or not all(row.get("rxno") for row in rows or ()):
        return No("rx_one_a_sale")
    (hi_rxno,) = numbers
    rx = books.find(conn, hi_rxno, min(sale.at_ms, sale.now_ms))
    if rx is None:
        return No("rx_unknown")
    if rx.psn_no != sale.psn_no:
        return No("rx_other_person")
    why = NO.get((rx.status, On.DISPENSE), "")
    if rx.status in (Status.VALID, Status.LOCKED):
        why = "rx_not_locked" if rx.status is Status.VALID else ""
    if not why and rx.pharmacy != sale.pharmacy:
        why = "rx_locked"
    if not why and sale.at_ms > rx.until_ms:
        why = "rx_expired"
    if not why and rx.attr == books.DUAL and not books.is_dual(conn, sale.pharmacy):
        why = "rx_not_dual"
    return No(why) if why else (rx if _matches(rx, sale.call) else No("rx_mismatch"))


def _matches(rx: Rx, call: Call) -> bool:
    """Every drug of the bill is prescribed, and no more of it than prescribed."""
    left = prescription.amounts(prescription.read(rx.document))
    for line in bodies.fee_lines(call, "drugdetail"):
        left[line.med_list_codg] = left.get(line.med_list_codg, Fraction(0)) - money.decimal(line.cnt)
        if left[line.med_list_codg] < 0:
            return False
    return True


def _review(case: Case, call: Call, rx: Rx) -> str:
    """The pharmacist's yes travels with the sale, so that one without a network has it too."""
    said: Json = bodies.form(call, "rxinfo")
    if bodies.text(said, "hiRxno") != rx.hi_rxno or bodies.text(said, "rxChkStasCodg") != "1":
        return "rx_not_reviewed"
    name = bodies.text(said, "pharName")
    if not name:
        return "rx_not_reviewed"
    review = {"reviewer": name, "review_ms": rx.review_ms or case.now_ms}
    return books.happen(case.conn, rx, On.APPROVE, case.terminal.fixmedins_code, **review)
