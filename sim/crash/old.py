"""A ledger as the first version of the program wrote it, made from one of today: what an upgrade
under fire starts from. (`tests/crash/golden` holds one that the old program itself wrote.)"""

from __future__ import annotations

from pathlib import Path

import apsw

_BACK = """
BEGIN IMMEDIATE;
DROP TRIGGER ledger_keeps_rows;
DROP TRIGGER decided_keeps_rows;
DROP TRIGGER base_is_answered;
CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
DELETE FROM meta WHERE key IN ('base', 'base_hash');
PRAGMA user_version = 1;
COMMIT;
"""


def to_version_1(ledger: Path, vfs: str = "unix") -> apsw.Connection:
    """Nothing of it may have been pruned. The caller closes the connection: until then what was
    done lies in the log."""
    db = apsw.Connection(str(ledger), vfs=vfs)
    try:
        db.pragma("locking_mode", "exclusive")
        db.pragma("synchronous", "full")
        db.execute(_BACK)
    except apsw.Error:
        db.close(force=True)  # or its lock would outlive the power cut (found by seed 89)
        raise
    return db
