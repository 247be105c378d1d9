"""The register of social-security cards (一卡通): state, generation, requests for new ones; where else a card
is good for something; and what was paid onto it (惠农惠民补贴). A card without a row is a good one of the third
generation.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import store as t
from sim.centre.books.columns import table, whole, words

GOOD, LOST, REPLACED = "good", "lost", "replaced"
STATES: Final = {GOOD: "正常", LOST: "已挂失", REPLACED: "已换新卡"}
GENERATION: Final = 3
OLD: Final = 2
SOCIAL: Final = "03"
ROWS_MAX: Final = 12  # of what is told
states = table(
    "card_states",
    words("card_no", primary_key=True),
    words("state"),
    whole("generation"),
)
requests = table(
    "card_requests",
    words("service_no", primary_key=True),
    words("psn_no", index=True),
    words("card_no"),
    words("reason"),
    words("state"),  # made | ready
    whole("at_ms"),
)
payments = table(
    "subsidy_payments",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("psn_no", index=True),
    words("name"),
    words("paid_on"),
    whole("fen"),
)
# the Chuan-Yu list of what the card opens (S3, in force 2025-01-01); a sample of ours, grade D
ENTITLEMENTS: Final = ("公交地铁 川渝互通", "图书馆 借阅", "博物馆 入馆", "政务服务 身份核验")
_STATE: Final = t.get(states, "card_no", only=("state", "generation"))
_CARD: Final = t.get(t.cards, "card_no", "cert_type", only=("psn_no", "card_sn"))
_OWN: Final = t.get(t.cards, "psn_no", "cert_type", only=("card_no",)).limit(1)
_OPEN: Final = t.get(requests, "psn_no", "state", only=("service_no",))
_PAID: Final = t.get(payments, "psn_no", only=("name", "paid_on", "fen")).order_by(
    payments.c.paid_on.desc()
).limit(ROWS_MAX)


class Card(Struct, frozen=True):
    """A card as the register has it."""

    card_no: str
    state: str = GOOD
    generation: int = GENERATION


def find(conn: sa.Connection, card_no: str) -> Card:
    """What is known of this number."""
    row = conn.execute(_STATE, t.at(card_no=card_no)).first()
    return Card(card_no) if row is None else Card(card_no, row[0], row[1])


def why_not(conn: sa.Connection, card_no: str, cert_type: str, card_sn: str = "") -> str:
    """ "" or why this card proves nobody: card_lost, card_replaced, card_sn."""
    if cert_type != SOCIAL:
        return ""
    state = find(conn, card_no).state
    if state != GOOD:
        return f"card_{state}"
    row = conn.execute(_CARD, t.at(card_no=card_no, cert_type=cert_type)).first()
    return "card_sn" if row is not None and card_sn not in ("", row[1]) else ""


def own(conn: sa.Connection, psn_no: str) -> str:
    """The number of this person's social-security card, "" = none."""
    return str(conn.execute(_OWN, t.at(psn_no=psn_no, cert_type=SOCIAL)).scalar() or "")


def mark(conn: sa.Connection, card: Card) -> None:
    """What somebody at the card office writes down."""
    conn.execute(states.delete().where(states.c.card_no == card.card_no))
    row = {"card_no": card.card_no, "state": card.state, "generation": card.generation}
    conn.execute(states.insert(), row)


class Request(Struct, frozen=True):
    """Somebody wants a new card."""

    service_no: str
    psn_no: str
    reason: str


def request(conn: sa.Connection, wanted: Request, now_ms: int) -> str:
    """"" or why not: card_none, card_in_making. The old card stops at once when it is lost."""
    card_no = own(conn, wanted.psn_no)
    if not card_no:
        return "card_none"
    if conn.execute(_OPEN, t.at(psn_no=wanted.psn_no, state="made")).first() is not None:
        return "card_in_making"
    row = {"service_no": wanted.service_no, "psn_no": wanted.psn_no, "card_no": card_no}
    more = {"reason": wanted.reason, "state": "made", "at_ms": now_ms}
    conn.execute(requests.insert(), {**row, **more})
    if wanted.reason == LOST:
        mark(conn, Card(card_no, LOST, find(conn, card_no).generation))
    return ""


def paid(conn: sa.Connection, psn_no: str) -> list[tuple[str, str, int]]:
    """(name, day, fen) of what was paid onto this person's card, the newest first."""
    return [(row[0], row[1], row[2]) for row in conn.execute(_PAID, t.at(psn_no=psn_no))]


def pay(conn: sa.Connection, psn_no: str, name: str, paid_on: str, fen: int) -> None:
    """A subsidy arrives."""
    row = {"psn_no": psn_no, "name": name, "paid_on": paid_on, "fen": fen}
    conn.execute(payments.insert(), row)
