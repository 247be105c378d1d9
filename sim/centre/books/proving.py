"""What proves a person beside a face, a code or a card: the e-voucher password and its lock; and the
lock of a terminal whose faces nobody has. The rules are data (`identity.yaml`).

A password is kept as scrypt of itself with a salt of its own, never in clear, and is told to nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa
import yaml
from msgspec import Struct

from edge.core.types import Dice
from edge.core.visit.who.password import weak
from edge.errors import EdgeError
from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words
from sim.centre.civil import civil

FILE: Final = Path(__file__).parents[1] / "identity.yaml"
SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32
# OWASP's smallest advice for scrypt (2023): 2^14 x 8 x 5 costs an attacker of six digits little, the
# five tries and the lock are what protects them; the cost is for a stolen database
COST, BLOCK, LANES = 1 << 14, 8, 5
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
PHARMACY, HOSPITAL = "pharmacy", "hospital"
WRONG, UNSET, LOCKED, FACE_LOCKED = (
    "password_wrong", "password_unset", "password_locked", "face_locked",
)  # fmt: skip


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount with its evidence grade."""

    fen: int
    grade: str


class PasswordRule(Struct, frozen=True, forbid_unknown_fields=True):
    """How long, how often wrong in a row."""

    digits: int
    tries: int
    grade: str


class FaceRule(Struct, frozen=True, forbid_unknown_fields=True):
    """How many looks in a row may find nobody, within how long; how long the terminal's faces rest."""

    tries: int
    within_minutes: int
    rest_minutes: int
    grade: str


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to activate. password: "set" there, "pay" (that of the wallet), "agree" = none."""

    name: str
    password: str


class ActivationRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may activate by themself, under which agreements, through which channels."""

    age_min: int
    agreements: tuple[str, ...]
    channels: dict[str, Channel]
    grade: str


class MatchRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Card against face without us: the cosine, and whether nothing provisional is done without."""

    min: float
    must: bool
    grade: str


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    nopassword: dict[str, Limit]
    password: PasswordRule
    face: FaceRule
    activation: ActivationRule
    offline_match: MatchRule


@cache
def rules() -> Rules:
    """The file beside this centre. EdgeError E-CFG-20 when it cannot be read."""
    try:
        return msgspec.convert(yaml.safe_load(FILE.read_text()), Rules)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise EdgeError("E-CFG-20", f"the rules of identity cannot be read: {error}", str(FILE)) from error


def nopassword_fen(level: str) -> int:
    """What a face alone may pay at a place of this level."""
    return rules().nopassword[PHARMACY if level == PHARMACY else HOSPITAL].fen


passwords = table(
    "passwords",
    words("psn_no", primary_key=True),
    blob("salt"),
    blob("digest"),
    whole("failed"),  # wrong ones in a row
    whole("locked_ms"),  # until then; 0 = not
    blob("last_ask"),  # the question that was judged last, and what was said
    words("last_said"),
    whole("set_ms"),
)
face_tries = table(
    "face_tries",
    words("terminal", primary_key=True),
    whole("failed"),
    whole("since_ms"),
    whole("rest_ms"),  # until then
    blob("last_ask"),
)
held = table(  # chosen, and not in force before the record that asks for it
    "held_passwords",
    words("auth_no", primary_key=True),
    words("psn_no"),
    blob("salt"),
    blob("digest"),
    whole("at_ms"),
)
_HELD: Final = t.get(held, "auth_no", "psn_no")
_FIND: Final = t.get(passwords, "psn_no")
_HAS: Final = t.get(passwords, "psn_no", only=("psn_no",))
_CHANGE: Final = t.change(passwords, "psn_no")
_TRIES: Final = t.get(face_tries, "terminal")


# -- the password -----------------------------------------------------------------------------------
def fits(password: str) -> bool:
    """The form of a password: as many digits as the rule says, not all the same, not in a row."""
    digits = rules().password.digits
    if len(password) != digits or not password.isascii() or not password.isdigit():
        return False
    return not weak(password)


def set_password(conn: sa.Connection, dice: Dice, psn_no: str, password: str, now_ms: int) -> None:
    """A new password: every lock of the old one is over."""
    assert fits(password), "the caller checked its form"
    salt = dice.bytes(SALT_BYTES)
    _put(conn, psn_no, salt, _digest(password, salt), now_ms)


def _put(conn: sa.Connection, psn_no: str, salt: bytes, digest: bytes, now_ms: int) -> None:
    row = {"psn_no": psn_no, "salt": salt, "digest": digest, "failed": 0}
    row |= {"locked_ms": 0, "last_ask": b"", "last_said": "", "set_ms": now_ms}
    conn.execute(passwords.delete().where(passwords.c.psn_no == psn_no))
    conn.execute(passwords.insert(), row)


class Chosen(Struct, frozen=True):
    """A password that was chosen under an authorisation."""

    auth_no: str
    psn_no: str
    password: str


def hold(conn: sa.Connection, dice: Dice, one: Chosen, now_ms: int) -> str:
    """It is in force with its record, not before. "" or password_weak."""
    if not fits(one.password):
        return "password_weak"
    salt = dice.bytes(SALT_BYTES)
    row = {"auth_no": one.auth_no, "psn_no": one.psn_no, "salt": salt}
    conn.execute(held.delete().where(held.c.auth_no == one.auth_no))
    conn.execute(held.insert(), {**row, "digest": _digest(one.password, salt), "at_ms": now_ms})
    return ""


def take_held(conn: sa.Connection, auth_no: str, psn_no: str) -> bool:
    """The record took effect: what was chosen under it is the person's password now."""
    row = conn.execute(_HELD, t.at(auth_no=auth_no, psn_no=psn_no)).mappings().first()
    if row is None:
        return False
    _put(conn, psn_no, bytes(row["salt"]), bytes(row["digest"]), row["at_ms"])
    conn.execute(held.delete().where(held.c.auth_no == auth_no))
    return True


def has_password(conn: sa.Connection, psn_no: str) -> bool:
    """Whether this person ever chose one."""
    return conn.execute(_HAS, t.at(psn_no=psn_no)).first() is not None


def judge(conn: sa.Connection, psn_no: str, password: str, ask: bytes, now_ms: int) -> str:
    """ "" or why not: password_unset, password_locked, password_wrong. The same question delivered
    twice (QoS 1) is judged once: `ask` is remembered with what was said."""
    row = conn.execute(_FIND, t.at(psn_no=psn_no)).mappings().first()
    if row is None:
        return UNSET
    if bytes(row["last_ask"]) == ask:
        return str(row["last_said"])
    if row["locked_ms"] > now_ms:
        return LOCKED
    failed = 0 if row["locked_ms"] else row["failed"]  # a lock that is over
    good = hmac.compare_digest(_digest(password, bytes(row["salt"])), bytes(row["digest"]))
    failed = 0 if good else failed + 1
    shut = failed >= rules().password.tries
    said = "" if good else LOCKED if shut else WRONG
    noted = {"failed": failed, "locked_ms": _tomorrow(now_ms) if shut else 0}
    conn.execute(_CHANGE, t.at(psn_no=psn_no) | noted | {"last_ask": ask, "last_said": said})
    return said


def unlock(conn: sa.Connection, psn_no: str) -> bool:
    """Somebody at the window looked at the person and their card. False: there was no lock."""
    row = conn.execute(_FIND, t.at(psn_no=psn_no)).mappings().first()
    if row is None or not row["locked_ms"]:
        return False
    conn.execute(_CHANGE, t.at(psn_no=psn_no) | {"failed": 0, "locked_ms": 0})
    return True


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, dklen=DIGEST_BYTES
    )


def _tomorrow(now_ms: int) -> int:
    """When the civil day is over."""
    at = civil(now_ms)
    begun_ms = ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + now_ms % 1000
    return now_ms - begun_ms + DAY_MS


# -- the faces of a terminal ------------------------------------------------------------------------
def faces_rest(conn: sa.Connection, terminal: str, now_ms: int) -> bool:
    """Too many looks of this terminal found nobody: it asks for a code or a card for a while."""
    row = conn.execute(_TRIES, t.at(terminal=terminal)).mappings().first()
    return row is not None and row["rest_ms"] > now_ms


def face_seen(
    conn: sa.Connection, terminal: str, ask: bytes, now_ms: int, *, found: bool
) -> None:
    """One more look; the same question twice counts once."""
    rule = rules().face
    row = conn.execute(_TRIES, t.at(terminal=terminal)).mappings().first()
    if row is not None and bytes(row["last_ask"]) == ask:
        return
    since_ms = row["since_ms"] if row is not None else now_ms
    failed = row["failed"] if row is not None else 0
    if now_ms - since_ms > rule.within_minutes * MINUTE_MS or not failed:
        since_ms, failed = now_ms, 0
    failed = 0 if found else failed + 1
    shut = failed >= rule.tries
    noted = {
        "failed": 0 if shut else failed,
        "since_ms": since_ms,
        "rest_ms": now_ms + rule.rest_minutes * MINUTE_MS if shut else 0,
        "last_ask": ask,
    }
    conn.execute(face_tries.delete().where(face_tries.c.terminal == terminal))
    conn.execute(face_tries.insert(), {"terminal": terminal, **noted})
