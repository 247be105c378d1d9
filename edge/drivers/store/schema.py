"""The shape of a ledger file: tables, triggers, its own numbers. Version 2; older files are brought
here by `migrations/`, newer ones are refused.

The triggers are the last door: whatever a program does, a row of the chain is never changed, and
one is deleted only below the base, which itself moves forward only and never beyond what the centre
has answered."""

from __future__ import annotations

from typing import Any, Final

import apsw

from edge.core.sync.ledger import ZERO_HASH
from edge.errors import EdgeError

SQLITE_MIN: Final = (3, 51, 3)
# A record of 2.3 kB fills most of a 4 kB page and each touched page goes to the log whole: with 1 kB pages a commit of one record
# writes 6.3 kB instead of 16.5, with its bill 9.4 instead of 24.7 (tests/bench, group append).
PAGE_BYTES: Final = 1024
SCHEMA: Final = 2
APPLICATION_ID: Final = 0x46503031  # "FP01"
KEEP_HINT: Final = (
    "do not delete anything: keep the file, take the terminal out of service, call support"
)

GUARDS: Final = """
CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON ledger
  WHEN old.seq > (SELECT value FROM meta WHERE key = 'base')
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_keeps_bytes BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER decided_keeps_rows BEFORE DELETE ON decided
  WHEN old.seq > (SELECT value FROM meta WHERE key = 'base')
  BEGIN SELECT RAISE(ABORT, 'a decision stands'); END;
CREATE TRIGGER base_is_answered BEFORE UPDATE ON meta
  WHEN old.key = 'base' AND (new.value < old.value
    OR new.value > (SELECT value FROM meta WHERE key = 'answered'))
  BEGIN SELECT RAISE(ABORT, 'only answered records are pruned'); END;
"""

TABLES: Final = (
    """
CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE ledger(
  seq INTEGER PRIMARY KEY, txid BLOB NOT NULL, kind TEXT NOT NULL, mode TEXT NOT NULL,
  prev BLOB NOT NULL, hash BLOB NOT NULL, local BLOB NOT NULL, data BLOB NOT NULL) STRICT;
CREATE TABLE decided(
  seq INTEGER PRIMARY KEY, outcome TEXT NOT NULL, result BLOB NOT NULL,
  receipt BLOB NOT NULL) STRICT;
CREATE TABLE docs(
  space TEXT NOT NULL, key TEXT NOT NULL, rev INTEGER NOT NULL, kept INTEGER NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;
"""
    + GUARDS
)

# answered: all up to here are decided; number, tree, root: of the last answer; rev: counts commits;
# base, base_hash: the last pruned record, on which the chain that is here stands
META: Final[dict[str, Any]] = {
    "epoch": 0,
    "answered": 0,
    "number": 0,
    "tree": 0,
    "root": ZERO_HASH,
    "rev": 0,
    "base": 0,
    "base_hash": ZERO_HASH,
}


def refuse_old_sqlite(version: str) -> None:
    """E-STO-01 when the SQLite library is older than the one without the WAL-reset bug."""
    if tuple(int(part) for part in version.split(".")[:3]) < SQLITE_MIN:
        message = f"SQLite {version} is older than {'.'.join(map(str, SQLITE_MIN))}"
        raise EdgeError("E-STO-01", message, "install the pinned apsw wheel")


def create(db: apsw.Connection, new_epoch: int) -> None:
    """A ledger in an empty file; inside the caller's transaction. E-STO-06 when it is not empty."""
    if db.execute("SELECT count(*) FROM sqlite_schema").get:
        raise EdgeError("E-STO-06", "this file is a database, but not a ledger", KEEP_HINT)
    db.execute(TABLES)
    start = META | {"epoch": new_epoch}
    db.executemany("INSERT INTO meta VALUES(?, ?)", start.items())
    db.pragma("user_version", SCHEMA)
    db.pragma("application_id", APPLICATION_ID)


def check(db: apsw.Connection) -> int:
    """The version of this ledger file. E-STO-06 not a ledger, E-STO-07 of a newer program: it is
    left as it is, and nothing here goes back to an older version."""
    version = int(db.pragma("user_version"))
    if db.pragma("application_id") != APPLICATION_ID or version < 1:
        raise EdgeError("E-STO-06", "this file is not a ledger", KEEP_HINT)
    if version > SCHEMA:
        raise EdgeError(
            "E-STO-07",
            f"the ledger has version {version}, this program knows up to {SCHEMA}",
            "install the newer facepay again; the file was not touched",
        )
    return version
