"""`python -m sim.centre rx-free --config FILE [HIRXNO]`: a person gives back what a pharmacy holds and
will not sell, because its terminal is broken. Without a number it lists what is held, and where.

Whoever does it has made sure, by telephone, that nothing was sold on it without a network.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from edge.errors import EdgeError
from sim.centre.desk import Centre
from sim.centre.prescriptions import books
from sim.centre.prescriptions.status import On, Status

EXIT_BAD: Final = 2
EXIT_NOT_HELD: Final = 1
SHOWN_MAX: Final = 500
HELD: Final = (str(Status.LOCKED), str(Status.REVIEWED))


def main(arguments: list[str] | None = None) -> int:
    """Entry. 0 given back or listed, 1 nobody holds it, 2 a bad configuration."""
    from sim.centre.__main__ import open_guest

    parser = argparse.ArgumentParser(prog="python -m sim.centre rx-free")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("hirxno", nargs="?", help="without it: list what is held")
    given = parser.parse_args(arguments)
    try:
        centre = open_guest(given.config)
        now_ms = time.time_ns() // 1_000_000
        return free(centre, given.hirxno, now_ms) if given.hirxno else show(centre)
    except EdgeError as error:
        print(error, file=sys.stderr)
        return EXIT_BAD


def show(centre: Centre) -> int:
    """Every prescription that a pharmacy has at its counter."""
    c = books.prescriptions.c
    wanted = sa.select(c.hi_rxno, c.status, c.pharmacy, c.pharmacy_name).where(c.status.in_(HELD))
    with centre.store.begin() as conn:
        rows = conn.execute(wanted.order_by(c.hi_rxno).limit(SHOWN_MAX)).all()
    for row in rows:
        print("  ".join(row))
    print(f"{len(rows)} held")
    return 0


def free(centre: Centre, hi_rxno: str, now_ms: int) -> int:
    """Give it back in the pharmacy's name."""
    with centre.store.begin() as conn:
        rx = books.find(conn, hi_rxno, now_ms)
        held = rx is not None and str(rx.status) in HELD
        why = books.happen(conn, rx, On.FREE, rx.pharmacy) if held and rx is not None else "not held"
    print(f"{hi_rxno}: {why or 'given back'}")
    return EXIT_NOT_HELD if why else 0
