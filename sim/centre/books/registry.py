"""The terminals the centre knows: their keys, their institution, their level."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import store as t


class TerminalSpec(Struct, frozen=True):
    """A terminal to be known. Keys: sign_public as PEM (SubjectPublicKeyInfo), seal_public as raw
    X25519 bytes."""

    name: str
    sign_public: bytes
    seal_public: bytes
    fixmedins_code: str = "H51010000001"
    fixmedins_name: str = "测试诊所"
    admdvs: str = "510100"
    level: str = "community"
    profile: str = "P1"


class Terminal(Struct, frozen=True):
    """A known terminal and where its answers stand."""

    name: str
    sign_public: bytes
    seal_public: bytes
    fixmedins_code: str
    fixmedins_name: str
    admdvs: str
    level: str
    profile: str
    answer_number: int
    answer_size: int
    epoch: int
    frozen_ms: int = 0


_FIND: Final = t.get(t.terminals, "name")
START: Final = {"answer_number": 0, "answer_size": 0, "epoch": 0, "frozen_ms": 0}
_CHANGE: Final = t.change(t.terminals, "name")


def find(conn: sa.Connection, name: str) -> Terminal | None:
    """The terminal of this name."""
    row = conn.execute(_FIND, t.at(name=name)).mappings().first()
    return None if row is None else Terminal(**row)


def add(conn: sa.Connection, spec: TerminalSpec) -> None:
    """Enrol a terminal."""
    row = {name: getattr(spec, name) for name in TerminalSpec.__struct_fields__}
    conn.execute(t.terminals.insert(), {**row, **START})


def update(conn: sa.Connection, name: str, **values: int) -> None:
    """Note the last answer's number, the newest epoch, since when it is frozen."""
    conn.execute(_CHANGE, t.at(name=name) | values)
