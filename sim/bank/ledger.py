"""The bank's books: double entry in a database of its own; the sum of all accounts is always zero.

Accounts: cust:{psn_no} (what the bank owes the customer) · held:{pay_ordid} (frozen) ·
inst:{fixmedins_code} (what was taken for an institution) · loan:{contract_no} (below zero: lent) ·
interest · open (where opening balances come from). Amounts in fen.
"""

from __future__ import annotations

import sqlite3
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS postings (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL, account TEXT NOT NULL,
    fen INTEGER NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS postings_account ON postings (account, id);
"""
_MOVE: Final = (
    "INSERT INTO accounts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET fen = fen + excluded.fen"
)


def open_(db: sqlite3.Connection) -> None:
    """Durable, and the tables are there."""
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.executescript(SCHEMA)


def post(db: sqlite3.Connection, entry: str, lines: dict[str, int], at_ms: int) -> None:
    """Book one entry; its lines sum to zero, or it is our mistake."""
    assert sum(lines.values()) == 0, f"entry {entry} does not balance"
    moved = [(name, fen) for name, fen in lines.items() if fen]
    db.executemany(_MOVE, moved)
    rows = [(entry, name, fen, at_ms) for name, fen in moved]
    db.executemany("INSERT INTO postings (entry, account, fen, at_ms) VALUES (?, ?, ?, ?)", rows)


def balance(db: sqlite3.Connection, account: str) -> int:
    """Fen on the account; 0 when it never moved."""
    row = db.execute("SELECT fen FROM accounts WHERE name = ?", (account,)).fetchone()
    return int(row[0]) if row is not None else 0


def known(db: sqlite3.Connection, account: str) -> bool:
    """Whether it ever moved."""
    return db.execute("SELECT 1 FROM accounts WHERE name = ?", (account,)).fetchone() is not None


def imbalance(db: sqlite3.Connection) -> int:
    """0, or the books are wrong: balances differ from postings, or do not sum to zero."""
    held = dict(db.execute("SELECT name, fen FROM accounts").fetchall())
    sums = dict(db.execute("SELECT account, SUM(fen) FROM postings GROUP BY account").fetchall())
    differ = sum(abs(held.get(name, 0) - sums.get(name, 0)) for name in {*held, *sums})
    return int(differ + abs(sum(held.values())))
