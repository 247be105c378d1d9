"""Make a fresh centre: keys, terminals, invented people, rules. Also opens one that is there already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from sim.centre import ledgers, people, registry, rules
from sim.centre import store as t
from sim.centre.desk import Centre
from sim.centre.keys import CentreKeys
from sim.centre.people import PersonSpec, register_face
from sim.centre.registry import TerminalSpec

__all__ = ["PersonSpec", "TerminalSpec", "default_url", "make_centre", "open_centre", "register_face"]

REGION = "510100"


def default_url(directory: Path) -> str:
    """The SQLite database of a centre directory."""
    return f"sqlite:///{directory / 'centre.db'}"


def make_centre(
    directory: Path,
    db_url: str | None = None,
    terminals: Iterable[TerminalSpec] = (),
    people_: Iterable[PersonSpec] | None = None,
    *,
    profile: str = "",
    now_ms: int = 0,
    region: str = REGION,
    **options: Any,
) -> Centre:
    """A centre with these terminals and people (20 invented ones when None); what is known already stays as it is.

    `profile` overrides that of the terminals. `options` go to Centre: credit, caps, shards, faces, dice.
    db_url "sqlite://" keeps everything in memory (virtual worlds).
    """
    keys = CentreKeys.create(directory)
    store = t.Store(db_url or default_url(directory))
    centre = Centre(store, keys, rules.load(region), **options)
    with store.begin() as conn:
        centre.log.catch_up(conn)
        for spec in terminals:
            if registry.find(conn, spec.name) is None:
                registry.add(conn, replace(spec, profile=profile) if profile else spec)
        add_people(conn, people.population(20) if people_ is None else people_, now_ms)
    return centre


def open_centre(directory: Path, db_url: str | None = None, *, region: str = REGION, **options: Any) -> Centre:
    """A centre that was made before. EdgeError E-KEY-01 when there is none."""
    keys = CentreKeys.open(directory)
    return Centre(t.Store(db_url or default_url(directory)), keys, rules.load(region), **options)


def add_people(conn: sa.Connection, specs: Iterable[PersonSpec], now_ms: int) -> None:
    """Add people with their opening balances; known ones stay as they are."""
    for spec in specs:
        if people.find(conn, spec.psn_no) is None:
            people.add(conn, [spec])
            ledgers.open_person(conn, spec, now_ms)


def add_terminal(store: t.Store, spec: TerminalSpec) -> None:
    """Enrol one more terminal at a running centre."""
    with store.begin() as conn:
        if registry.find(conn, spec.name) is None:
            registry.add(conn, spec)
