"""Visit passes (离线就诊凭据, DOMAIN §4.3): given with a settlement, each use taken once.

A pass is for one terminal and one person; what it allows is looked at again when its record comes. The
rules are data (`passes.yaml`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa
import yaml
from msgspec import Struct

from edge.core.books import passes
from edge.core.books.passes import Known as Recognised
from edge.core.types import Json
from edge.core.visit.ticket import key_of_card
from edge.errors import EdgeError
from sim.centre.books import entitlements
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words
from sim.centre.books.people import Known
from sim.centre.books.registry import Terminal

FILE: Final = Path(__file__).parents[1] / "passes.yaml"
DAY_MS: Final = 86_400_000
CARDS_MAX: Final = 8

given = table(
    "visit_passes",
    words("pass_id", primary_key=True),
    words("terminal"),
    words("psn_no"),
    whole("uses"),
    whole("at_ms"),
    whole("until_ms"),
)
used = table(
    "visit_pass_uses",
    words("pass_id", primary_key=True),
    whole("number", primary_key=True),
    whole("at_ms"),
)
_GIVE: Final = given.insert()
_FIND: Final = t.get(given, "pass_id")
_USED: Final = t.get(used, "pass_id", "number", only=("at_ms",))
_USE: Final = used.insert()
_CARDS: Final = t.get(t.cards, "psn_no", only=("card_no",)).order_by("card_no").limit(CARDS_MAX)


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole number and how well it is known."""

    value: int
    grade: str


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """passes.yaml."""

    uses: Number
    days: Number


class Use(Struct, frozen=True):
    """What a provisional record says of the pass it stands on, and when it was written."""

    pass_id: str
    number: int
    wall_ms: int
    slack_ms: int


@cache
def rules(path: Path = FILE) -> Rules:
    """The rules. EdgeError E-CFG-20 when the file is malformed."""
    try:
        return msgspec.convert(yaml.safe_load(path.read_bytes()), Rules)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise EdgeError("E-CFG-20", f"rules of visit passes cannot be read: {error}", str(path)) from error


def give(conn: sa.Connection, terminal: Terminal, person: Known, mark: int, now_ms: int) -> Json:
    """A pass for the next outage, as the result carries it; {} where it could not be used: a terminal
    that takes nothing provisional, a person of another pool, or without a card to be known by. `mark`
    is unique for the record."""
    if terminal.profile != "P1" or person.insuplc_admdvs[:4] != terminal.admdvs[:4]:
        return {}
    cards = tuple(key_of_card(row[0]) for row in conn.execute(_CARDS, t.at(psn_no=person.psn_no)))
    if not cards:
        return {}
    rule = rules()
    found = passes.Pass(
        pass_id=f"{terminal.admdvs}P{mark:013d}",
        cards=cards,
        insutype=person.insutype,
        psn=person.psn,
        dise=tuple(
            Recognised(one.dise_codg, one.begndate, one.enddate)
            for one in entitlements.recognised(conn, person.psn_no)
        ),
        uses=rule.uses.value,
        until_utc_ms=now_ms + rule.days.value * DAY_MS,
    )
    row: Json = {"pass_id": found.pass_id, "terminal": terminal.name, "psn_no": person.psn_no}
    row |= {"uses": found.uses, "at_ms": now_ms, "until_ms": found.until_utc_ms}
    conn.execute(_GIVE, row)
    return {"visit_pass": passes.json_of(found)}


def misuse(conn: sa.Connection, terminal: str, psn_no: str, use: Use) -> str:
    """Why this use is none, "" = it is taken, and never again."""
    row = conn.execute(_FIND, t.at(pass_id=use.pass_id)).mappings().first()
    if row is None or (row["terminal"], row["psn_no"]) != (terminal, psn_no):
        return "no visit pass of this person"
    if not row["at_ms"] - use.slack_ms <= use.wall_ms <= row["until_ms"] + use.slack_ms:
        return "visit pass not in force then"
    if not 0 < use.number <= row["uses"]:
        return "visit pass used up"
    if conn.execute(_USED, t.at(pass_id=use.pass_id, number=use.number)).first() is not None:
        return "visit pass used twice"
    conn.execute(_USE, {"pass_id": use.pass_id, "number": use.number, "at_ms": use.wall_ms})
    return ""
