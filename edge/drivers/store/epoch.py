"""A new epoch: the ledger is kept aside as it is, and an empty one begins with fresh numbers.

What is not a record and still counts is carried over: the policy, the message counter (its numbers
must not come twice), the answers to the HIS's keys, bills that nobody has signed, what staff still
have to do and whom it blocks, the lines of the days (or no day of today would ever agree again), the
centre's word and its log's checkpoint (or a fork of the log would go unseen). Left behind are the
reason for it (meta/rollback) and the leave to go on offline: what the old ledger promised in this
outage the new one does not know, so the centre must have spoken before it promises anything. Power may fail at any point: the old file is in its place until the
new one, whole and synced, replaces it in one step.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

import apsw
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from edge.core.books import bills, days, tasks
from edge.core.effects import Save
from edge.core.parts.centre_word import CONTACT_KEY, META_SPACE
from edge.core.site import Contact
from edge.core.types import BillStatus, TaskStatus
from edge.drivers.store import Batch, Locker, schema, sqlite
from edge.durable import sync_folder
from edge.errors import EdgeError

CARRIED: Final = ("counter", "policy", "idem", days.DAY_SPACE, days.ROW_SPACE)
CARRIED_META: Final = ("witness", "stop", "freeze")
LOOKED_AT: Final = (bills.BILL_SPACE, tasks.TASK_SPACE, META_SPACE)
LOG_NUMBERS: Final = ("number", "tree", "root")  # of the centre's log, as it was last accepted
UNSIGNED: Final = frozenset({BillStatus.WAITING, BillStatus.IN_VISIT})


class Begun(Struct, frozen=True):
    """What was done."""

    epoch: int
    old_epoch: int
    old_seq: int
    unanswered: int
    kept: Path


def begin(path: Path, locker: Locker, *, lose: bool, now_s: int | None = None) -> Begun:
    """Replace the ledger at `path`. E-ROL-05 no ledger there, E-ROL-06 it has records without an
    answer and `lose` was not said, E-STO-04 the agent runs, E-STO-02.
    """
    if not path.is_file():
        raise EdgeError("E-ROL-05", f"there is no ledger at {path}", "check [store] path")
    old = sqlite.Driver(path, locker, reserve_bytes=0)
    try:
        restored = old.restore(lambda space, _value: space in (*CARRIED, *LOOKED_AT))
        head, unanswered = old.head, old.head.seq - restored.answered_seq
        if unanswered and not lose:
            raise EdgeError(
                "E-ROL-06",
                f"{unanswered} records have no answer of the centre",
                "export them first; then say --records-are-lost",
            )
        saves = _carried(restored.docs)
        numbers = dict(zip(LOG_NUMBERS, (old.last_number, *old.checkpoint), strict=True))
    finally:
        old.close()
    epoch = max(int(time.time()) if now_s is None else now_s, head.epoch + 1)
    fresh = path.with_name(f"{path.name}.epoch-{epoch}")
    _make(fresh, epoch, numbers)
    new = sqlite.Driver(fresh, locker, reserve_bytes=0)
    try:
        new.commit(Batch(saves=tuple(saves)))
    finally:
        new.close()
    kept = path.with_name(f"{path.stem}-epoch-{head.epoch}-{epoch}{path.suffix}")
    for file in (fresh, path):
        _settle(file)
    os.link(path, kept)
    fresh.replace(path)
    sync_folder(path.parent)
    return Begun(epoch, head.epoch, head.seq, unanswered, kept)


def _carried(docs: dict[str, dict[str, bytes]]) -> list[Save]:
    saves = [
        Save(space, key, value) for space in CARRIED for key, value in docs.get(space, {}).items()
    ]
    meta = docs.get(META_SPACE, {})
    saves += [Save(META_SPACE, key, meta[key]) for key in CARRIED_META if key in meta]
    if CONTACT_KEY in meta:
        word = replace(msgspec.json.decode(meta[CONTACT_KEY], type=Contact), contact_utc_ms=0)
        saves.append(Save(META_SPACE, CONTACT_KEY, msgspec.json.encode(word)))
    for key, value in docs.get(bills.BILL_SPACE, {}).items():
        if bills.decode(value).status in UNSIGNED:
            saves.append(Save(bills.BILL_SPACE, key, value))
    for key, value in docs.get(tasks.TASK_SPACE, {}).items():
        task = tasks.decode(value)
        if task.status in tasks.UNDONE:  # a closing in the old chain has no answer here any more
            still = replace(task, status=TaskStatus.OPEN, closing=None)
            saves.append(Save(tasks.TASK_SPACE, key, msgspec.json.encode(still)))
    return saves


def _make(path: Path, epoch: int, numbers: dict[str, object]) -> None:
    """An empty ledger that goes on in the centre's log where the old one stood."""
    for leftover in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    db = apsw.Connection(str(path))
    try:
        db.pragma("locking_mode", "exclusive")
        db.pragma("page_size", schema.PAGE_BYTES)
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "full")
        with db:
            schema.create(db, epoch)
            for key, value in numbers.items():
                db.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    finally:
        db.close()


def _settle(path: Path) -> None:
    """Everything into the file itself: a log left beside it would be played into the next file of
    that name. E-STO-02 when it cannot be done.
    """
    db = apsw.Connection(str(path))
    try:
        db.pragma("locking_mode", "exclusive")
        db.pragma("user_version")  # a log that nobody has read is not checkpointed
        left, _ = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        db.close()
    log = Path(f"{path}-wal")
    if left > 0 or (log.exists() and log.stat().st_size):
        raise EdgeError("E-STO-02", f"the log of {path.name} does not empty", "try again")
    log.unlink(missing_ok=True)
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
