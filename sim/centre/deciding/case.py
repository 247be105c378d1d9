"""One plan to carry out at the centre, and what may come of it."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Json, Split
from sim.centre import bodies
from sim.centre.bodies import Body
from sim.centre.books import orders, statement
from sim.centre.books.people import Known
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.civil import civil


class No(Struct, frozen=True):
    """Why not: a code of the protocol, and the first result when it is a duplicate."""

    code: str
    first: Json | None = None


class Done(Struct, frozen=True):
    """What came of a plan. `split` is None when no money moved."""

    output: Json
    split: Split | None = None


class Case(Struct, frozen=True):
    """One plan to carry out. `mark` is unique for the record and makes its ids; `at_ms` is the
    time of service."""

    conn: sa.Connection
    terminal: Terminal
    region: Region
    body: Body
    person: Known
    mark: int
    epoch: int
    seq: int
    at_ms: int
    now_ms: int
    order: orders.Order | None = None  # the own leg at a bank, held


class Scene(Struct, frozen=True):
    """Where and when something has its price."""

    conn: sa.Connection
    terminal: Terminal
    region: Region
    at_ms: int


def insured(person: Known) -> str:
    """ "" or why not: not_insured, suspended, locked."""
    if person.locked:
        return "locked"
    return {"1": "", "2": "suspended"}.get(person.stas, "not_insured")


def taken_back(case: Case, *infnos: str) -> bool:
    """2601 came before its original (DOMAIN §1.6): the original must not take effect any more."""
    call = bodies.call(case.body.plan, *infnos)
    assert call is not None, "the plan was checked"
    return statement.buried(case.conn, case.terminal.fixmedins_code, call.msgid) is not None


def stamp(at_ms: int) -> str:
    """A moment as the interface writes it."""
    return civil(at_ms).strftime("%Y-%m-%d %H:%M:%S")
