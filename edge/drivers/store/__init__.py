"""The store port: one signed, append-only ledger and the documents that change with it. Drivers:
one file each.

Promises every driver keeps (tests/contract/test_store.py): a batch is durable or it never happened;
nothing committed is lost; after an I/O error the store refuses everything; records come back as the
same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from edge.core.effects import Prune, Save
from edge.core.types import Answer, Head, Json, Mode, Outcome, Restored

# What `restore` reads of spaces that grow: the newest, and whatever `Keep` asks for.
NEWEST: Mapping[str, int] = {
    "pass": 2_000,
    "bill": 200,
    "idem": 4096,
    "task": 200,
    "day": 800,
    "opening": 0,
    "policies": 0,
}
OPENING_SPACE = "opening"  # what may be shown of a record's body later, by number
DOCS_MAX = 100_000  # documents one restore may hand over, all spaces together
RECORDS_READ_MAX = 4096  # records one `records` call may ask for

Keep = Callable[[str, bytes], bool]  # (space, value) -> needed after a restart although it is old
Age = Callable[[str, bytes], int | None]  # (space, value) -> last change in UTC ms; None = no age


class Locker(Protocol):
    """Encrypts what stays on this terminal. `aad` ties a value to its place."""

    def lock(self, plain: bytes, aad: bytes) -> bytes: ...
    def unlock(self, data: bytes, aad: bytes) -> bytes: ...


class Row(Struct, frozen=True):
    """A signed record on its way into the ledger. `data` is the exact COSE_Sign1, `prev` the hash
    of the one before; `opening` (wire.commit) becomes the document opening/{seq}."""

    seq: int
    txid: bytes
    kind: str
    mode: Mode
    prev: bytes
    hash: bytes
    data: bytes
    local: Json
    opening: bytes = b""


class Batch(Struct, frozen=True):
    """All that one turn makes durable: one transaction, one fsync."""

    rows: tuple[Row, ...] = ()
    answers: tuple[Answer, ...] = ()
    saves: tuple[Save, ...] = ()


class Decided(Struct, frozen=True):
    """The centre's decision as it was stored."""

    seq: int
    outcome: Outcome
    body: Json
    receipt: bytes


class Base(Struct, frozen=True):
    """The last pruned record: the chain that is here stands on it. seq 0 = nothing was pruned."""

    seq: int
    hash: bytes


class Done(Struct, frozen=True):
    """What one pruning did; `more`: there is more to do with the same words."""

    base: Base
    records: int = 0
    docs: int = 0
    more: bool = False


class Store(Protocol):
    """Raises EdgeError only: E-STO-01 SQLite too old, 02 I/O error (halt), 03 disk full (nothing
    was done), 04 another process has it, 05 the chain is broken, 06 the file is damaged or not
    ours, 07 it was written by a newer program, 08 the record was pruned."""

    @property
    def head(self) -> Head: ...
    @property
    def checkpoint(self) -> tuple[int, bytes]:
        """(tree size, root) of the centre's log as last committed; (0, zeros) before the first
        answer."""
        ...

    @property
    def last_number(self) -> int:
        """Number of the last answer committed."""
        ...

    @property
    def answered_seq(self) -> int: ...
    @property
    def base(self) -> Base: ...

    def restore(self, keep: Keep | None = None, age: Age | None = None) -> Restored: ...
    def commit(self, batch: Batch) -> int:
        """Make the batch durable. Gives the bytes that are left before new visits must be
        refused."""
        ...

    def prune(self, what: Prune) -> Done:
        """Let old answered records and finished documents go, some at a time, in one transaction.
        The chain stays provable from the base on."""
        ...

    def room_bytes(self) -> int: ...
    def records(self, first_seq: int, last_seq: int) -> list[bytes]: ...
    def record_hash(self, seq: int) -> bytes | None: ...
    def doc(self, space: str, key: str) -> bytes | None: ...
    def result(self, seq: int) -> Decided | None: ...
    def verify_chain(self) -> int:
        """Walk the whole chain; gives the number of records. E-STO-05."""
        ...

    def checkpoint_wal(self) -> bool:
        """Idle work: move the log into the database. False when it could not be done now."""
        ...

    def close(self) -> None: ...
