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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
import msgspec

from edge.core.effects import Prune
from edge.core.sync.ledger import extend, first_head
from edge.core.types import Answer, Entry, Head, Json, Mode, Outcome, Restored
from edge.drivers.store import (
    DOCS_MAX,
    NEWEST,
    OPENING_SPACE,
    RECORDS_READ_MAX,
    Age,
    Base,
    Batch,
    Decided,
    Done,
    Keep,
    Locker,
    Row,
    chain,
    migrations,
    pruning,
    schema,
)
from edge.drivers.store.again import write_log_again
from edge.drivers.store.pruning import TAIL_RECORDS
from edge.drivers.store.reserve import RESERVE_BYTES, Reserve
from edge.drivers.store.schema import KEEP_HINT, META, PAGE_BYTES, refuse_old_sqlite
from edge.durable import sync_folder
from edge.errors import EdgeError
from edge.wire import cbor

WAL_PAGES_MAX = (
    16 * 1024 * 1024 // PAGE_BYTES
)  # 16 MiB: a terminal that is never idle checkpoints here
QUICK_CHECK_MAX_BYTES = 64 * 1024 * 1024  # larger files: `verify_chain`, not at each start
AGING = ("bill", "task")  # spaces whose finished documents go with the records
CBOR_MARK = b"\xc1"  # the one byte that msgpack never uses: what it cannot hold is kept as CBOR

_HALT = "the process must end; after the restart the store checks itself"
T = TypeVar("T")


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
        self._age: Age | None = None
        self._reserve = Reserve(Path(path), reserve_bytes)
        self._vfs = vfs or ""
        with self._guard("open"):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = apsw.Connection(str(path), vfs=vfs, statementcachesize=32)
            try:
                self._open(int(time.time()) if new_epoch is None else new_epoch)
            except BaseException:
                self._db.close(force=True)
                raise
            # SQLite syncs it as well, but takes an error there for a success (`facepay killpoints`).
            sync_folder(Path(path).parent)
        self._reserve.hold()

    def _open(self, new_epoch: int) -> None:
        db = self._db
        db.pragma("locking_mode", "exclusive")  # before the first access: no shared memory then
        db.pragma("page_size", PAGE_BYTES)  # counts only when the file is made
        if db.pragma("journal_mode", "wal") != "wal":
            raise EdgeError("E-STO-06", "the file system cannot hold a write-ahead log", KEEP_HINT)
        db.pragma("synchronous", "full")
        db.pragma("trusted_schema", False)
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # its errors would go unsaid
        db.set_wal_hook(self._on_wal)  # replaces autocheckpoint: a commit costs one fsync, not two
        with self._transaction():  # takes the exclusive lock for as long as we run
            if db.pragma("application_id") == 0:
                schema.create(db, new_epoch)
        write_log_again(db.filename_wal, self._vfs)
        self._with_reserve(lambda: migrations.migrate(db, self._transaction))
        self._wal_pages, _ = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)  # of a life before
        self._meta: dict[str, Any] = dict(db.execute("SELECT key, value FROM meta"))
        if self._meta.keys() != META.keys():
            raise EdgeError("E-STO-06", "the ledger lost its own numbers", KEEP_HINT)
        row = db.execute("SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
        empty = first_head(int(self._meta["epoch"]))
        self._head = empty if row is None else Head(epoch=empty.epoch, seq=row[0], hash=row[1])

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
                    "E-STO-06", f"the ledger file is damaged: {error}", KEEP_HINT
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

    def _with_reserve(self, write: Callable[[], T]) -> T:
        """A transaction; when there is no room for it, once more with the reserve given up."""
        try:
            return write()
        except apsw.FullError:
            self._reserve.release()  # new visits are refused from here on; what runs must end well
            return write()

    # -- writing -----------------------------------------------------------------------------------
    def commit(self, batch: Batch) -> int:
        """Make the batch durable in one transaction with one fsync; gives `room_bytes`. E-STO-02,
        E-STO-03."""
        with self._guard("commit"):
            self._head, self._meta = self._with_reserve(lambda: self._write(batch))
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
        rows = []
        for result in answer.results:
            assert 1 <= result.seq <= head.seq, "wire.trusted lets no unknown record through"
            body = self._locker.lock(_packed(result.body), self._aad("result", result.seq))
            rows.append((result.seq, str(result.outcome), body, result.receipt))
        first_stands = "INSERT OR IGNORE INTO decided VALUES(?, ?, ?, ?)"
        self._db.executemany(first_stands, rows)
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

    def prune(self, what: Prune) -> Done:
        """Let old answered records and finished documents go, some at a time, in one transaction.
        No room for it: nothing is done, and that is no error. E-STO-02."""
        with self._guard("prune"):
            try:
                return self._with_reserve(lambda: self._pruned(what))
            except apsw.FullError:
                return Done(self.base)

    def _pruned(self, what: Prune) -> Done:
        meta = dict(self._meta)
        with self._transaction():
            done = pruning.prune(self._db, meta, what, self._head.seq)
            if not done.more and self._age is not None:
                age = self._age
                for space in AGING:

                    def aged(key: str, sealed: bytes, space: str = space) -> int | None:
                        aad = self._aad("doc", space, key)
                        return age(space, self._locker.unlock(sealed, aad))

                    until_ms = what.docs_until_utc_ms
                    count, more = pruning.prune_docs(self._db, space, until_ms, aged)
                    done = Done(done.base, done.records, done.docs + count, done.more or more)
        self._meta = meta | {"base": done.base.seq, "base_hash": done.base.hash}
        return done

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
    def base(self) -> Base:
        """The last pruned record; what is below it is only here when it was kept."""
        return Base(int(self._meta["base"]), bytes(self._meta["base_hash"]))

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
        """The exact bytes of the records, in order; [] when last < first (a hello). E-STO-08 when
        one of them was pruned."""
        assert last_seq - first_seq < RECORDS_READ_MAX, "one envelope never asks for so many"
        query = "SELECT data FROM ledger WHERE seq BETWEEN ? AND ? ORDER BY seq"
        with self._guard("read"):
            found = [data for (data,) in self._db.execute(query, (first_seq, last_seq))]
        if first_seq <= self.base.seq and len(found) <= last_seq - first_seq:
            raise EdgeError(
                "E-STO-08",
                f"records up to {self.base.seq} were pruned",
                "the centre has them; so does an export made before",
            )
        assert len(found) == max(0, last_seq - first_seq + 1), (
            "asked for records that are not there"
        )
        return found

    def record_hash(self, seq: int) -> bytes | None:
        """SHA-256 of record `seq` as stored, or None when there is no such record (any more)."""
        if seq and seq == self.base.seq:
            return self.base.hash
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
            body = _unpacked(self._locker.unlock(row[1], self._aad("result", seq)))
        return Decided(seq=seq, outcome=Outcome(row[0]), body=body, receipt=row[2])

    # -- starting ----------------------------------------------------------------------------------
    def restore(self, keep: Keep | None = None, age: Age | None = None) -> Restored:
        """Check the file and the chain's tail, and give what the core needs. `keep(space, value)`
        names old documents that are still needed (bills that are not final); it is remembered and
        asked at each save. `age` tells when a document last changed; without it none is pruned.
        E-STO-05, E-STO-06; the locker's error when the device key is another
        one."""
        with self._guard("restore"):
            self._keep, self._age = keep, age
            if self._bytes() <= QUICK_CHECK_MAX_BYTES:
                self._quick_check()
            self._walk(max(self.base.seq, self.answered_seq - TAIL_RECORDS))
            spaces = [space for (space,) in self._db.execute("SELECT DISTINCT space FROM docs")]
            docs = {space: self._docs(space, keep) for space in spaces}
            assert sum(map(len, docs.values())) <= DOCS_MAX, "restore must stay bounded"
            return Restored(self._head, self.answered_seq, tuple(self._pending()), docs)

    def verify_chain(self) -> int:
        """Walk the whole chain, from the base to the head, and check the whole file; gives the
        number of records. E-STO-05, E-STO-06."""
        with self._guard("verify"):
            self._quick_check()
            chain.check_kept(self._db, self.base.seq)
            return self._walk(self.base.seq)

    def _bytes(self) -> int:
        return int(self._db.pragma("page_count")) * int(self._db.pragma("page_size"))

    def _quick_check(self) -> None:
        found = self._db.pragma("quick_check")
        if found != "ok":
            self._dead = f"damaged: {found}"
            raise EdgeError("E-STO-06", f"the ledger file is damaged: {str(found)[:200]}", KEEP_HINT)

    def _walk(self, after_seq: int) -> int:
        """Follow the chain from record `after_seq` (at or above the base) to the head."""
        if not self.base.seq <= self.answered_seq <= self._head.seq:
            text = f"base {self.base.seq}, answered {self.answered_seq}, head {self._head.seq}"
            raise EdgeError("E-STO-05", f"the numbers do not agree: {text}", KEEP_HINT)
        start = first_head(self._head.epoch)
        if after_seq:
            known = self.record_hash(after_seq)
            if known is None:
                raise EdgeError("E-STO-05", f"record {after_seq} is missing", KEEP_HINT)
            start = Head(epoch=start.epoch, seq=after_seq, hash=known)
        return chain.walk(self._db, start, self._head)

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


def _packed(body: Json) -> bytes:
    """A result's body, whatever the centre put into it: a number that msgpack cannot hold must not
    stop the answer that carries it."""
    try:
        return msgspec.msgpack.encode(body)
    except (OverflowError, TypeError, ValueError):
        return CBOR_MARK + cbor.dumps(body)


def _unpacked(data: bytes) -> Json:
    if data.startswith(CBOR_MARK):
        return cast(Json, cbor.loads(data[1:], max_bytes=len(data)))
    return cast(Json, msgspec.msgpack.decode(data))
