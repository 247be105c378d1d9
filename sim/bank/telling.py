"""What the bank tells by itself: that an order was paid with a phone. Signed, told again until it is
heard, so it may come twice; `tell_id` says that it is the same.
"""

from __future__ import annotations

import http.client
import sqlite3
from typing import Annotated, Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from edge.suites.es256 import Es256Signer
from sim.bank import wire
from sim.bank.faults import Fault
from sim.bank.port import Fen, Short, Wish, Word
from sim.switches import Switches

PATH: Final = "/pmc/callback"
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS tells (
    tell_id TEXT PRIMARY KEY, body BLOB NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL);
"""
WAITS, HEARD, REFUSED = "waits", "heard", "refused"
GIVE_UP_MS: Final = 35 * 60_000  # longer than an order lives: nobody will take the money any more
BATCH: Final = 50
TIMEOUT_S: Final = 3.0
OK, CONFLICT = 200, 409


class Paid(Struct, frozen=True, forbid_unknown_fields=True):
    """An order was paid: the money is frozen for it."""

    tell_id: Annotated[str, Meta(min_length=1, max_length=80)]
    pay_ordid: Annotated[str, Meta(min_length=1, max_length=64)]
    payer: Short
    fen: Fen
    capt_no: Short
    at_ms: int


class Books(Protocol):
    """What is needed of the bank."""

    def tells(self) -> list[dict[str, Any]]:
        """What waits."""

    def told(self, tell_id: str, state: str) -> None:
        """What became of it."""

    def release(self, pay_ordid: str) -> None:
        """Free what is still frozen."""

    def now_ms(self) -> int:
        """The bank's own clock."""


def enqueue(db: sqlite3.Connection, wish: Wish, word: Word, at_ms: int) -> None:
    """Once for each order."""
    tell_id = f"T-{wish.pay_ordid}"
    paid = Paid(tell_id, wish.pay_ordid, wish.psn_no, wish.fen, word.capt_no, at_ms)
    row = (tell_id, msgspec.json.encode(paid), WAITS, 0)
    db.execute("INSERT OR IGNORE INTO tells VALUES (?, ?, ?, ?)", row)


def waiting(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The next ones to tell."""
    query = "SELECT tell_id, body FROM tells WHERE state = ? ORDER BY tries, tell_id LIMIT ?"
    return [dict(row) for row in db.execute(query, (WAITS, BATCH)).fetchall()]


def end(db: sqlite3.Connection, tell_id: str, state: str) -> None:
    """Heard, refused, or still waiting after one more try."""
    db.execute("UPDATE tells SET state = ?, tries = tries + 1 WHERE tell_id = ?", (state, tell_id))


def deliver(bank: Books, signer: Es256Signer, url: str, switches: Switches[Fault]) -> int:
    """Tell what waits, each once; how many were heard. Refused, or in vain for longer than an order
    lives: what is still frozen is free again."""
    heard = 0
    for row in bank.tells():
        body = bytes(row["body"])
        paid = wire.decode(body, Paid)
        if bank.now_ms() - paid.at_ms > GIVE_UP_MS:
            bank.told(row["tell_id"], REFUSED)
            bank.release(paid.pay_ordid)
            continue
        fault = switches.take("tell")
        kind = fault.kind if fault is not None else ""
        status = 0 if kind == "drop_before" else post(url, signer, body)
        if kind == "duplicate":
            status = post(url, signer, body)
        if kind in ("lost_answer", "drop_after"):
            status = 0
        state = {OK: HEARD, CONFLICT: REFUSED}.get(status, WAITS)
        bank.told(row["tell_id"], state)
        heard += state == HEARD
        if state == REFUSED:
            bank.release(paid.pay_ordid)
    return heard


def post(url: str, signer: Es256Signer, body: bytes) -> int:
    """The status, 0 when there is none."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    try:
        header = {wire.HEADER: wire.sign(signer, wire.TELL, PATH.encode(), body)}
        line.request("POST", PATH, body, header)
        return line.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()
