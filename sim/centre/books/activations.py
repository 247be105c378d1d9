"""The registry of active e-vouchers (医保码): one row a person, whichever channel was first, with counters
by town, channel and employer. Channels and the age are data (`identity.yaml`)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import proving
from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words

activations = table(
    "activations",
    words("psn_no", primary_key=True),
    words("voucher_no", unique=True),
    words("channel", index=True),
    words("employer", index=True),
    words("town", index=True),
    words("terminal"),  # "" = a phone
    words("agreement"),
    whole("at_ms"),
)
BY: Final = ("town", "channel", "employer")
_FIND: Final = t.get(activations, "psn_no", only=("voucher_no",))


class Claim(Struct, frozen=True):
    """Somebody who was proved wants their e-voucher."""

    psn_no: str
    psn_name: str
    age: int
    channel: str
    agreement: str
    employer: str = ""
    town: str = ""
    terminal: str = ""


def activate(conn: sa.Connection, claim: Claim, voucher_no: str, now_ms: int) -> str:
    """ "" or why not: already_active, channel_unknown, agreement_unknown, too_young."""
    rule = proving.rules().activation
    if active(conn, claim.psn_no):
        return "already_active"
    if claim.channel not in rule.channels:
        return "channel_unknown"
    if claim.agreement not in rule.agreements:
        return "agreement_unknown"
    if claim.age < rule.age_min:
        return "too_young"
    names = ("psn_no", "channel", "employer", "town", "terminal", "agreement")
    row = {name: getattr(claim, name) for name in names}
    conn.execute(activations.insert(), {**row, "voucher_no": voucher_no, "at_ms": now_ms})
    return ""


def active(conn: sa.Connection, psn_no: str) -> bool:
    """Whether this person's e-voucher is active."""
    return conn.execute(_FIND, t.at(psn_no=psn_no)).first() is not None


def counts(conn: sa.Connection, by: str) -> dict[str, int]:
    """How many were activated, by town, channel or employer."""
    assert by in BY, by
    column = activations.c[by]
    rows = conn.execute(sa.select(column, sa.func.count()).group_by(column).order_by(column))
    return {str(name): int(count) for name, count in rows}


def channel_name(channel: str) -> str:
    """As people call it."""
    return proving.rules().activation.channels[channel].name
