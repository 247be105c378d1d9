"""Letting go of old records: the one path on which a row of the ledger is ever deleted.

Inside the caller's transaction: first the base moves forward (the triggers let it go only as far as
the centre has answered), then what lies below it and is not kept is deleted. A power cut leaves all
of it or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import apsw

from edge.core.effects import Prune
from edge.drivers.store import NEWEST, OPENING_SPACE, Base, Done
from edge.wire import record as wire_record

RECORDS_AT_ONCE: Final = 256  # one turn's share: some tens of milliseconds on a Pi
DOCS_AT_ONCE: Final = 256
TAIL_RECORDS: Final = 64  # never pruned: what each start walks


def prune(db: apsw.Connection, meta: dict[str, Any], what: Prune, head_seq: int) -> Done:
    """Move the base and delete what `what` names; at most RECORDS_AT_ONCE records."""
    old = Base(int(meta["base"]), bytes(meta["base_hash"]))
    last = min(what.last_seq, int(meta["answered"]), head_seq - TAIL_RECORDS)
    new, reached = _new_base(db, old, last, what.until_utc_ms)
    if new.seq > old.seq:
        db.execute("UPDATE meta SET value = ? WHERE key = 'base'", (new.seq,))
        db.execute("UPDATE meta SET value = ? WHERE key = 'base_hash'", (new.hash,))
    goes = _below(db, new.seq, frozenset(what.keep))
    db.executemany("DELETE FROM decided WHERE seq = ?", goes)
    db.executemany("DELETE FROM ledger WHERE seq = ?", goes)
    openings = [(OPENING_SPACE, f"{seq:012d}") for (seq,) in goes]
    db.executemany("DELETE FROM docs WHERE space = ? AND key = ?", openings)
    more = not reached or len(goes) == RECORDS_AT_ONCE
    return Done(new, len(goes), 0, more)


def prune_docs(
    db: apsw.Connection, space: str, until_utc_ms: int, age: Callable[[str, bytes], int | None]
) -> tuple[int, bool]:
    """Delete finished documents of a space that did not change since, the newest NEWEST stay:
    (how many, whether there may be more). `age(key, locked value)` opens one."""
    newest = NEWEST[space]
    young = "SELECT rev FROM docs WHERE space = ? ORDER BY rev DESC LIMIT 1 OFFSET ?"
    row = db.execute(young, (space, newest - 1)).fetchone()
    if row is None:
        return 0, False
    query = "SELECT key FROM docs WHERE space = ? AND NOT kept AND rev < ? ORDER BY rev LIMIT ?"
    keys = [key for (key,) in db.execute(query, (space, row[0], DOCS_AT_ONCE))]
    goes = []
    for key in keys:  # the oldest first: behind the first young one all are young
        sealed = "SELECT value FROM docs WHERE space = ? AND key = ?"
        changed = age(key, db.execute(sealed, (space, key)).get)
        if changed is None or changed >= until_utc_ms:
            break
        goes.append((space, key))
    db.executemany("DELETE FROM docs WHERE space = ? AND key = ?", goes)
    return len(goes), len(goes) == DOCS_AT_ONCE


def _new_base(
    db: apsw.Connection, old: Base, last_seq: int, until_utc_ms: int
) -> tuple[Base, bool]:
    """The base as far as it may go at once, and whether there is nothing beyond it to go to."""
    query = "SELECT seq, hash, data FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
    base, count = old, 0
    for seq, hash_, data in db.execute(query, (old.seq, last_seq, RECORDS_AT_ONCE)):
        said = wire_record.peek(data)
        if said.wall_ms + said.error_ms >= until_utc_ms:
            return base, True
        base, count = Base(seq, bytes(hash_)), count + 1
    return base, count < RECORDS_AT_ONCE


def _below(db: apsw.Connection, base_seq: int, keep: frozenset[int]) -> list[tuple[int]]:
    """What lies below the base and is not kept (any longer)."""
    goes: list[tuple[int]] = []
    for (seq,) in db.execute("SELECT seq FROM ledger WHERE seq <= ? ORDER BY seq", (base_seq,)):
        if seq not in keep:
            goes.append((seq,))
        if len(goes) == RECORDS_AT_ONCE:
            break
    return goes
