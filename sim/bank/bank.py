"""The bank of the simulation: hold, capture, give back, each idempotent by the order's id, in a
database of its own that no transaction of the centre reaches.

A question that gets no answer (TimeoutError) may have been carried out or not: whoever asks it again
gets the same answer. What was given back is never held or captured any more, also when that came
first (a tombstone), so a late hold cannot leave money frozen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

HELD, REFUSED, CAPTURED, GIVEN = "held", "refused", "captured", "given"
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS customers (psn_no TEXT PRIMARY KEY, fen INTEGER NOT NULL CHECK (fen >= 0));
CREATE TABLE IF NOT EXISTS orders (
    pay_ordid TEXT PRIMARY KEY, psn_no TEXT NOT NULL, state TEXT NOT NULL,
    held_fen INTEGER NOT NULL, captured_fen INTEGER NOT NULL);
"""


class Bank(Protocol):
    """What the centre asks. TimeoutError = nobody knows; ask again."""

    def hold(self, pay_ordid: str, psn_no: str, fen: int) -> bool:
        """Freeze the money. False: refused, and it stays so."""

    def capture(self, pay_ordid: str, fen: int) -> bool:
        """Take of what is frozen, and free the rest. False: there is no such hold any more."""

    def give_back(self, pay_ordid: str) -> None:
        """Free what is frozen, return what was taken; nothing of this order ever again."""


class SimBank:
    """The reference bank."""

    def __init__(self, path: Path, customers: Iterable[tuple[str, int]] = ()) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self._db.executemany("INSERT OR IGNORE INTO customers VALUES (?, ?)", customers)

    def hold(self, pay_ordid: str, psn_no: str, fen: int) -> bool:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            known = self._state(pay_ordid)
            if known:
                return known in (HELD, CAPTURED)
            row = self._db.execute("SELECT fen FROM customers WHERE psn_no = ?", (psn_no,)).fetchone()
            good = row is not None and row[0] >= fen > 0
            if good:
                self._move(psn_no, -fen)
            self._db.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, 0)",
                (pay_ordid, psn_no, HELD if good else REFUSED, fen if good else 0),
            )
            return good

    def capture(self, pay_ordid: str, fen: int) -> bool:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            state = self._state(pay_ordid)
            if state == CAPTURED:
                return True
            psn_no, held = self._order(pay_ordid)[:2] if state == HELD else ("", 0)
            if not 0 < fen <= held:
                return False
            self._move(psn_no, held - fen)
            self._set(pay_ordid, CAPTURED, 0, fen)
            return True

    def give_back(self, pay_ordid: str) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if not self._state(pay_ordid):
                self._db.execute("INSERT INTO orders VALUES (?, '', ?, 0, 0)", (pay_ordid, GIVEN))
                return
            psn_no, held, captured = self._order(pay_ordid)
            self._move(psn_no, held + captured)
            self._set(pay_ordid, GIVEN, 0, 0)

    def lose(self, pay_ordid: str) -> None:
        """A breach: the bank forgets a hold that it had promised."""
        with self._db:
            psn_no, held, captured = self._order(pay_ordid)
            self._move(psn_no, held + captured)
            self._set(pay_ordid, REFUSED, 0, 0)

    def balance(self, psn_no: str) -> int:
        """What the customer has."""
        row = self._db.execute("SELECT fen FROM customers WHERE psn_no = ?", (psn_no,)).fetchone()
        return int(row[0]) if row is not None else 0

    def totals(self) -> tuple[int, int]:
        """(frozen, taken) over all orders."""
        query = "SELECT COALESCE(SUM(held_fen), 0), COALESCE(SUM(captured_fen), 0) FROM orders"
        held, captured = self._db.execute(query).fetchone()
        return int(held), int(captured)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def _state(self, pay_ordid: str) -> str:
        query = "SELECT state FROM orders WHERE pay_ordid = ?"
        row = self._db.execute(query, (pay_ordid,)).fetchone()
        return str(row[0]) if row is not None else ""

    def _order(self, pay_ordid: str) -> tuple[str, int, int]:
        query = "SELECT psn_no, held_fen, captured_fen FROM orders WHERE pay_ordid = ?"
        row = self._db.execute(query, (pay_ordid,)).fetchone()
        return str(row[0]), int(row[1]), int(row[2])

    def _move(self, psn_no: str, fen: int) -> None:
        self._db.execute("UPDATE customers SET fen = fen + ? WHERE psn_no = ?", (fen, psn_no))

    def _set(self, pay_ordid: str, state: str, held: int, captured: int) -> None:
        self._db.execute(
            "UPDATE orders SET state = ?, held_fen = ?, captured_fen = ? WHERE pay_ordid = ?",
            (state, held, captured, pay_ordid),
        )
