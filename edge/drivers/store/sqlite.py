"""SQLite through apsw: WAL, synchronous=FULL, EXCLUSIVE, one connection, one commit (one fsync) per
batch.

Why these settings: PEERS §2.1 and §6 (12,125 crash images without a loss; NORMAL, OFF and DELETE
lose acknowledged rows). Why a version gate: the WAL-reset bug, fixed in SQLite 3.51.3. Why no
second try after an I/O error: fsync may report an error once and then succeed without having
written (fsyncgate)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec

from edge.core.sync.ledger import ZERO_HASH, extend, first_head
from edge.core.types import Answer, Entry, Head, Mode, Outcome, Restored
from edge.drivers.store import (
    DOCS_MAX,
    NEWEST,
    OPENING_SPACE,
    RECORDS_READ_MAX,
    Batch,
    Decided,
    Keep,
    Locker,
    Row,
)
from edge.drivers.store.reserve import RESERVE_BYTES, Reserve
from edge.errors import EdgeError
from edge.wire import record as wire_record

SQLITE_MIN = (3, 51, 3)
# A record of 2.3 kB fills most of a 4 kB page and each touched page goes to the log whole: with 1 kB pages a commit of one record
# writes 6.3 kB instead of 16.5, with its bill 9.4 instead of 24.7 (tests/bench, group append).
PAGE_BYTES = 1024
SCHEMA = 1
APPLICATION_ID = 0x46503031  # "FP01"
WAL_PAGES_MAX = (
    16 * 1024 * 1024 // PAGE_BYTES
)  # 16 MiB: a terminal that is never idle checkpoints here
QUICK_CHECK_MAX_BYTES = 64 * 1024 * 1024  # larger files: `verify_chain`, not at each start
TAIL_RECORDS = 64  # answered records whose chain is checked at each start, besides the others

TABLES = """
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
CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_keeps_bytes BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""

# answered: all up to here are decided; number, tree, root: of the last answer; rev: counts commits
META = {"epoch": 0, "answered": 0, "number": 0, "tree": 0, "root": ZERO_HASH, "rev": 0}

_KEEP = "do not delete anything: keep the file, take the terminal out of service, call support"
_HALT = "the process must end; after the restart the store checks itself"


def refuse_old_sqlite(version: str) -> None:
    """E-STO-01 when the SQLite library is older than the one without the WAL-reset bug."""
    if tuple(int(part) for part in version.split(".")[:3]) < SQLITE_MIN:
        message = f"SQLite {version} is older than {'.'.join(map(str, SQLITE_MIN))}"
        raise EdgeError("E-STO-01", message, "install the pinned apsw wheel")


class Driver:
    """One ledger file. Calls may come from any thread. `new_epoch` counts only when the file is
    made (default: the wall clock in seconds, so that a replaced storage never reuses numbers)."""

    def __init__(
        self,
        path: Path | str,
        locker: Locker,
        *,
        reserve_bytes: int = RESERVE_BYTES,
        new_epoch: int | None = None,
        vfs: str | None = None,
    ) -> None:
        refuse_old_sqlite(apsw.sqlite_lib_version())
        self._locker = locker
        self._lock = threading.RLock()
        self._dead = ""
        self._wal_pages = 0
        self._keep: Keep | None = None
        self._reserve = Reserve(Path(path), reserve_bytes)
        with self._guard("open"):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = apsw.Connection(str(path), vfs=vfs, statementcachesize=32)
            try:
                self._open(int(time.time()) if new_epoch is None else new_epoch)
            except BaseException:
                self._db.close(force=True)
                raise
        self._reserve.hold()

    def _open(self, new_epoch: int) -> None:
        db = self._db
        db.pragma("locking_mode", "exclusive")  # before the first access: no shared memory then
        db.pragma("page_size", PAGE_BYTES)  # counts only when the file is made
        if db.pragma("journal_mode", "wal") != "wal":
            raise EdgeError("E-STO-06", "the file system cannot hold a write-ahead log", _KEEP)
        db.pragma("synchronous", "full")
        db.pragma("trusted_schema", False)
        db.set_wal_hook(self._on_wal)  # replaces autocheckpoint: a commit costs one fsync, not two
        with self._transaction():  # takes the exclusive lock for as long as we run
            if db.pragma("application_id") == 0:
                self._create(new_epoch)
        if db.pragma("application_id") != APPLICATION_ID or db.pragma("user_version") != SCHEMA:
            raise EdgeError("E-STO-06", "this file is not a ledger of this version", _KEEP)
        self._meta: dict[str, Any] = dict(db.execute("SELECT key, value FROM meta"))
        if self._meta.keys() != META.keys():
            raise EdgeError("E-STO-06", "the ledger lost its own numbers", _KEEP)
        row = db.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        empty = first_head(int(self._meta["epoch"]))
        self._head = empty if row is None else Head(epoch=empty.epoch, seq=row[0], hash=row[1])

    def _create(self, new_epoch: int) -> None:
        if self._db.execute("SELECT count(*) FROM sqlite_schema").get:
            raise EdgeError("E-STO-06", "this file is a database, but not a ledger", _KEEP)
        self._db.execute(TABLES)
        start = META | {"epoch": new_epoch}
        self._db.executemany("INSERT INTO meta VALUES(?, ?)", start.items())
        self._db.pragma("user_version", SCHEMA)
        self._db.pragma("application_id", APPLICATION_ID)

    def _on_wal(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    # -- what the world does to us -----------------------------------------------------------------
    @contextmanager
    def _guard(self, doing: str) -> Iterator[None]:
        """One caller at a time; SQLite's errors become ours; nothing works after an I/O error."""
        with self._lock:
            if self._dead:
                raise EdgeError("E-STO-02", f"the store stopped after: {self._dead}", _HALT)
            try:
                yield
            except apsw.FullError as error:
                message = f"the disk is full ({doing}); nothing was changed"
                raise EdgeError(
                    "E-STO-03", message, "free space; new visits are refused"
                ) from error
            except (apsw.BusyError, apsw.LockedError) as error:
                message = "another process has the ledger open"
                raise EdgeError("E-STO-04", message, "stop the other facepay process") from error
            except (apsw.CorruptError, apsw.NotADBError) as error:
                self._dead = f"{doing}: {error}"
                raise EdgeError(
                    "E-STO-06", f"the ledger file is damaged: {error}", _KEEP
                ) from error
            except (apsw.Error, OSError) as error:
                self._dead = f"{doing}: {error}"
                raise EdgeError("E-STO-02", f"the disk failed ({doing}): {error}", _HALT) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")
            raise

    # -- writing -----------------------------------------------------------------------------------
    def commit(self, batch: Batch) -> int:
        """Make the batch durable in one transaction with one fsync; gives `room_bytes`. E-STO-02,
        E-STO-03."""
        with self._guard("commit"):
            try:
                head, meta = self._write(batch)
            except apsw.FullError:
                self._reserve.release()  # new visits are refused from here on; what runs must end well
                head, meta = self._write(batch)
            self._head, self._meta = head, meta
            if self._wal_pages > WAL_PAGES_MAX:
                self._checkpoint()
            return self._reserve.room_bytes()

    def _write(self, batch: Batch) -> tuple[Head, dict[str, Any]]:
        head, meta = self._head, dict(self._meta)
        meta["rev"] += 1
        with self._transaction():
            for row in batch.rows:
                head = extend(head, row.seq, row.prev, row.data)
                assert head.hash == row.hash, "the scribe and the store disagree on the bytes"
                self._insert(row)
                if row.opening:
                    self._save(OPENING_SPACE, f"{row.seq:012d}", row.opening, meta["rev"])
            for answer in batch.answers:
                self._decide(answer, head, meta)
            for save in batch.saves:
                self._save(save.space, save.key, save.value, meta["rev"])
            changed = [(value, key) for key, value in meta.items() if value != self._meta[key]]
            self._db.executemany("UPDATE meta SET value = ? WHERE key = ?", changed)
        return head, meta

    def _insert(self, row: Row) -> None:
        local = self._locker.lock(msgspec.msgpack.encode(row.local), self._aad("local", row.seq))
        values = (row.seq, row.txid, row.kind, str(row.mode), row.prev, row.hash, local, row.data)
        self._db.execute("INSERT INTO ledger VALUES(?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _decide(self, answer: Answer, head: Head, meta: dict[str, Any]) -> None:
        assert answer.epoch == head.epoch, "wire.trusted lets no other epoch through"
        for result in answer.results:
            assert 1 <= result.seq <= head.seq, "wire.trusted lets no unknown record through"
            plain = msgspec.msgpack.encode(result.body)
            body = self._locker.lock(plain, self._aad("result", result.seq))
            values = (result.seq, str(result.outcome), body, result.receipt)
            self._db.execute(
                "INSERT OR IGNORE INTO decided VALUES(?, ?, ?, ?)", values
            )  # first stands
        ahead = "SELECT seq FROM decided WHERE seq > ? ORDER BY seq"
        for (seq,) in self._db.execute(ahead, (meta["answered"],)):
            if seq != meta["answered"] + 1:
                break
            meta["answered"] = seq
        if answer.number > meta["number"]:
            meta.update(number=answer.number, tree=answer.tree_size, root=answer.root)

    def _save(self, space: str, key: str, value: bytes | None, rev: int) -> None:
        if value is None:
            self._db.execute("DELETE FROM docs WHERE space = ? AND key = ?", (space, key))
            return
        sealed = self._locker.lock(value, self._aad("doc", space, key))
        kept = self._keep is None or self._keep(space, value)  # so that a start need not open all
        values = (space, key, rev, kept, sealed)
        self._db.execute("INSERT OR REPLACE INTO docs VALUES(?, ?, ?, ?, ?)", values)

    def checkpoint_wal(self) -> bool:
        """Move the log into the database (when idle). False: no room now, the log stays.
        E-STO-02."""
        with self._guard("checkpoint"):
            done = self._checkpoint()
            self._reserve.hold()
            return done

    def _checkpoint(self) -> bool:
        if self._wal_pages == 0:
            return True
        try:
            left, _ = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.FullError:
            return False  # every commit is still safe in the log
        self._wal_pages = max(left, 0)
        return self._wal_pages == 0

    def close(self) -> None:
        """Checkpoint and let go. After an I/O error it only lets go."""
        with self._lock:
            try:
                if not self._dead:
                    self.checkpoint_wal()
            finally:
                self._dead = self._dead or "closed"
                self._db.close(force=True)

    # -- reading -----------------------------------------------------------------------------------
    @property
    def head(self) -> Head:
        """The end of the chain as committed."""
        return self._head

    @property
    def answered_seq(self) -> int:
        """All records up to here have a receipt."""
        return int(self._meta["answered"])

    @property
    def checkpoint(self) -> tuple[int, bytes]:
        """(tree size, root) of the centre's log as last committed."""
        return int(self._meta["tree"]), bytes(self._meta["root"])

    @property
    def last_number(self) -> int:
        """Number of the last answer committed."""
        return int(self._meta["number"])

    def room_bytes(self) -> int:
        """What the disk has beyond the reserve; negative while the reserve is being used up."""
        with self._guard("room"):
            return self._reserve.room_bytes()

    def records(self, first_seq: int, last_seq: int) -> list[bytes]:
        """The exact bytes of the records, in order; [] when last < first (a hello)."""
        assert last_seq - first_seq < RECORDS_READ_MAX, "one envelope never asks for so many"
        query = "SELECT data FROM ledger WHERE seq BETWEEN ? AND ? ORDER BY seq"
        with self._guard("read"):
            found = [data for (data,) in self._db.execute(query, (first_seq, last_seq))]
        assert len(found) == max(0, last_seq - first_seq + 1), (
            "asked for records that are not there"
        )
        return found

    def record_hash(self, seq: int) -> bytes | None:
        """SHA-256 of record `seq` as stored, or None when there is no such record."""
        with self._guard("read"):
            row = self._db.execute("SELECT hash FROM ledger WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def doc(self, space: str, key: str) -> bytes | None:
        """A document, decrypted, or None."""
        query = "SELECT value FROM docs WHERE space = ? AND key = ?"
        with self._guard("read"):
            row = self._db.execute(query, (space, key)).fetchone()
            return (
                None if row is None else self._locker.unlock(row[0], self._aad("doc", space, key))
            )

    def result(self, seq: int) -> Decided | None:
        """The centre's decision on record `seq`, or None while there is none."""
        query = "SELECT outcome, result, receipt FROM decided WHERE seq = ?"
        with self._guard("read"):
            row = self._db.execute(query, (seq,)).fetchone()
            if row is None:
                return None
            body = msgspec.msgpack.decode(self._locker.unlock(row[1], self._aad("result", seq)))
        return Decided(seq=seq, outcome=Outcome(row[0]), body=body, receipt=row[2])

    # -- starting ----------------------------------------------------------------------------------
    def restore(self, keep: Keep | None = None) -> Restored:
        """Check the file and the chain's tail, and give what the core needs. `keep(space, value)`
        names old documents that are still needed (bills that are not final); it is remembered and
        asked at each save. E-STO-05, E-STO-06; the locker's error when the device key is another
        one."""
        with self._guard("restore"):
            self._keep = keep
            if self._bytes() <= QUICK_CHECK_MAX_BYTES:
                self._quick_check()
            self._walk(max(0, self.answered_seq - TAIL_RECORDS))
            spaces = [space for (space,) in self._db.execute("SELECT DISTINCT space FROM docs")]
            docs = {space: self._docs(space, keep) for space in spaces}
            assert sum(map(len, docs.values())) <= DOCS_MAX, "restore must stay bounded"
            return Restored(self._head, self.answered_seq, tuple(self._pending()), docs)

    def verify_chain(self) -> int:
        """Walk the whole chain and check the whole file; gives the number of records. E-STO-05,
        E-STO-06."""
        with self._guard("verify"):
            self._quick_check()
            return self._walk(0)

    def _bytes(self) -> int:
        return int(self._db.pragma("page_count")) * int(self._db.pragma("page_size"))

    def _quick_check(self) -> None:
        found = self._db.pragma("quick_check")
        if found != "ok":
            self._dead = f"damaged: {found}"
            raise EdgeError("E-STO-06", f"the ledger file is damaged: {str(found)[:200]}", _KEEP)

    def _walk(self, after_seq: int) -> int:
        """Follow the chain from record `after_seq` to the head."""
        head = first_head(self._head.epoch)
        if after_seq:
            known = self.record_hash(after_seq)
            if known is None:
                raise EdgeError("E-STO-05", f"record {after_seq} is missing", _KEEP)
            head = Head(epoch=head.epoch, seq=after_seq, hash=known)
        count = 0
        query = "SELECT seq, txid, prev, hash, data FROM ledger WHERE seq > ? ORDER BY seq"
        for seq, txid, prev, stored_hash, data in self._db.execute(query, (after_seq,)):
            head = extend(head, seq, prev, data)
            said = wire_record.peek(data)  # what was signed counts, the columns only repeat it
            same = (said.epoch, said.seq, said.prev, said.txid) == (head.epoch, seq, prev, txid)
            if head.hash != stored_hash or not same:
                raise EdgeError("E-STO-05", f"record {seq} was changed", _KEEP)
            count += 1
        if head != self._head or head.seq < self.answered_seq:
            raise EdgeError("E-STO-05", f"the chain ends at {head.seq}", _KEEP)
        return count

    def _pending(self) -> Iterator[Entry]:
        query = """SELECT seq, txid, kind, mode, length(data), local, outcome, hash
            FROM ledger LEFT JOIN decided USING(seq) WHERE seq > ? ORDER BY seq"""
        for seq, txid, kind, mode, size, local, outcome, digest in self._db.execute(
            query, (self.answered_seq,)
        ):
            plain = msgspec.msgpack.decode(self._locker.unlock(local, self._aad("local", seq)))
            known = None if outcome is None else Outcome(outcome)
            yield Entry(seq, txid, kind, Mode(mode), size, plain, known, digest)

    def _docs(self, space: str, keep: Keep | None) -> dict[str, bytes]:
        """The newest of the space, and older ones that `keep` wants; oldest first."""
        newest = NEWEST.get(space, DOCS_MAX)
        young = "SELECT key FROM docs WHERE space = ? ORDER BY rev DESC, key LIMIT ?"
        keys = {key for (key,) in self._db.execute(young, (space, newest))}
        found: dict[str, bytes] = {}
        query = """SELECT key, value FROM docs WHERE space = ?1 AND (kept OR key IN (
            SELECT key FROM docs WHERE space = ?1 ORDER BY rev DESC, key LIMIT ?2))
            ORDER BY rev, key DESC"""
        for key, sealed in self._db.execute(query, (space, newest)):
            value = self._locker.unlock(sealed, self._aad("doc", space, key))
            if key in keys or (keep is not None and keep(space, value)):
                found[key] = value
        return found

    def _aad(self, *place: str | int) -> bytes:
        """Ties a locked value to its place, so that values cannot change places unseen."""
        return msgspec.msgpack.encode([self._meta["epoch"], *place])
