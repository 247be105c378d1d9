"""The rosters of clinics: contracted patients (签约居民) who agreed that their face may be known at their own
clinic without the network. Each change makes a new version, which the next policy names; a person who
withdraws is in none from then on.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.books.roster import (
    ENTRIES_MAX,
    KEYS_MAX,
    PEOPLE_MAX,
    SALT_BYTES,
    Entry,
    Part,
    key_of,
    small,
)
from edge.core.types import Dice
from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words

CONSENT: Final = "roster-consent-1"
members = table(
    "roster_members",
    words("fixmedins_code", primary_key=True),
    words("psn_no", primary_key=True),
    words("consent"),
    whole("until_ms"),
    whole("since_ms"),
)
rosters = table(
    "rosters", words("fixmedins_code", primary_key=True), whole("version"), blob("salt")
)
_MEMBERS: Final = t.get(members, "fixmedins_code").order_by("psn_no").limit(PEOPLE_MAX)
_COUNT: Final = sa.select(sa.func.count()).select_from(members)
_ROSTER: Final = t.get(rosters, "fixmedins_code", only=("version", "salt"))
_FACES: Final = t.get(t.faces, "psn_no", only=("model", "template")).order_by(t.faces.c.id.desc())
_CARDS: Final = t.get(t.cards, "psn_no", only=("cert_type", "card_no")).limit(KEYS_MAX)


class Consent(Struct, frozen=True):
    """Who agreed, at which clinic, until when."""

    fixmedins_code: str
    psn_no: str
    until_ms: int
    text: str = CONSENT


def agree(conn: sa.Connection, dice: Dice, consent: Consent, now_ms: int) -> str:
    """The person signs at their clinic. "" or why not: roster_full, roster_no_face."""
    c = members.c
    here = c.fixmedins_code == consent.fixmedins_code
    if int(conn.execute(_COUNT.where(here)).scalar() or 0) >= PEOPLE_MAX:
        return "roster_full"
    if conn.execute(_FACES, t.at(psn_no=consent.psn_no)).first() is None:
        return "roster_no_face"
    conn.execute(members.delete().where(here, c.psn_no == consent.psn_no))
    who = {"fixmedins_code": consent.fixmedins_code, "psn_no": consent.psn_no}
    how = {"consent": consent.text, "until_ms": consent.until_ms, "since_ms": now_ms}
    conn.execute(members.insert(), {**who, **how})
    _changed(conn, dice, consent.fixmedins_code)
    return ""


def withdraw(conn: sa.Connection, dice: Dice, fixmedins_code: str, psn_no: str) -> bool:
    """Erased on demand: the next version is without them. False: they were not in it."""
    c = members.c
    gone = conn.execute(
        members.delete().where(c.fixmedins_code == fixmedins_code, c.psn_no == psn_no)
    )
    if gone.rowcount:
        _changed(conn, dice, fixmedins_code)
    return bool(gone.rowcount)


def version(conn: sa.Connection, fixmedins_code: str) -> int:
    """Of this clinic's roster; 0 = it has none, or nobody is in it (any more)."""
    row = conn.execute(_ROSTER, t.at(fixmedins_code=fixmedins_code)).first()
    some = row and conn.execute(_MEMBERS, t.at(fixmedins_code=fixmedins_code)).first()
    return int(row[0]) if row is not None and some else 0


def parts(conn: sa.Connection, fixmedins_code: str, now_ms: int) -> list[Part]:
    """The whole roster of today: templates of the one net that most of them were measured by."""
    row = conn.execute(_ROSTER, t.at(fixmedins_code=fixmedins_code)).first()
    if row is None:
        return []
    salt = bytes(row[1])
    found = [
        (person, face)
        for person in conn.execute(_MEMBERS, t.at(fixmedins_code=fixmedins_code)).mappings()
        if person["until_ms"] > now_ms
        and (face := conn.execute(_FACES, t.at(psn_no=person["psn_no"])).first()) is not None
    ]
    if not found:
        return []
    model = Counter(face[0] for _, face in found).most_common(1)[0][0]
    entries = [
        Entry(_keys(conn, salt, person["psn_no"]), small(bytes(face[1])), person["until_ms"],
              person["consent"])
        for person, face in found if face[0] == model
    ]  # fmt: skip
    entries = [one for one in entries if one.keys and one.template]
    end_ms = max((one.until_utc_ms for one in entries), default=now_ms)
    count = max(1, -(-len(entries) // ENTRIES_MAX))
    return [
        Part(
            version=int(row[0]), number=number, parts=count, model=model, salt=salt,
            until_utc_ms=end_ms, digest=b"",
            entries=tuple(entries[number * ENTRIES_MAX : (number + 1) * ENTRIES_MAX]),
        )
        for number in range(count)
    ]  # fmt: skip


def _keys(conn: sa.Connection, salt: bytes, psn_no: str) -> tuple[bytes, ...]:
    return tuple(key_of(salt, *row) for row in conn.execute(_CARDS, t.at(psn_no=psn_no)))


def _changed(conn: sa.Connection, dice: Dice, fixmedins_code: str) -> None:
    """A new version under a new salt: two versions cannot be laid side by side."""
    row = conn.execute(_ROSTER, t.at(fixmedins_code=fixmedins_code)).first()
    c = rosters.c
    conn.execute(rosters.delete().where(c.fixmedins_code == fixmedins_code))
    new = {"fixmedins_code": fixmedins_code, "version": int(row[0]) + 1 if row else 1}
    conn.execute(rosters.insert(), new | {"salt": dice.bytes(SALT_BYTES)})
