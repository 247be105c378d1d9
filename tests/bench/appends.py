"""Group `append`: what a durable record costs, against a bare write and fdatasync of its bytes."""

from __future__ import annotations

import os
import time
from pathlib import Path

from edge.core.effects import Append, Save
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store import Batch, Row
from edge.drivers.store.sqlite import Driver as Store
from edge.scribe import CentreKeys, Scribe
from edge.suites import es256
from edge.turn import commit_turn
from sim.world.disk import VirtualDisk
from tests.bench.figure import Figure, Size, in_turns, paired, quiet, spread, timed
from tests.bench.material import Drafts, scribe_of

BATCHES = {1: 1, 10: 3, 100: 6}  # batch -> divisor of the rounds
RATIO_MAX = 1.5  # of store.commit at batch 10
COUNTED = 20  # commits whose fsyncs and bytes are counted
FLOOR = "write + fdatasync of the same bytes"
RESERVE_BYTES = 1 << 20


class Place:
    """A ledger, its scribe, and a bare file beside it."""

    def __init__(self, directory: Path, *, vfs: str | None = None) -> None:
        directory.mkdir(parents=True)
        self.keys = FileKeys.create(directory / "keys")
        self.path = directory / "ledger.db"
        self.store = Store(
            self.path, self.keys.locker, new_epoch=1, vfs=vfs, reserve_bytes=RESERVE_BYTES
        )
        sign, seal = es256.generate_sign_key(), es256.generate_seal_key()
        centre = CentreKeys(
            es256.Es256Verifier.of(sign.public_key()), es256.HpkeSealer(seal.public_key())
        )
        self.scribe: Scribe = scribe_of(self.keys, self.store, centre)
        self.drafts = Drafts("A", 0)
        self._bare = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def rows(self, count: int) -> tuple[Row, ...]:
        """Signed records that follow the head; not stored."""
        head, rows = self.store.head, []
        for _ in range(count):
            draft, prev = self.drafts.next(), head
            data, head, _ = self.scribe.write(draft, head)
            rows.append(
                Row(
                    head.seq,
                    draft.txid,
                    draft.kind,
                    draft.mode,
                    prev.hash,
                    head.hash,
                    data,
                    draft.local,
                )
            )
        return tuple(rows)

    def turn(self, count: int) -> float:
        """Sign, seal, insert and commit through `commit_turn`; the drafts are there already."""
        effects = [Append(self.drafts.next()) for _ in range(count)]
        return timed(lambda: commit_turn(effects, self.scribe, self.store))()

    def commit(self, count: int) -> float:
        """`store.commit` of records that are signed already."""
        rows = self.rows(count)
        return timed(lambda: self.store.commit(Batch(rows)))()

    def bare(self, count: int) -> float:
        """The floor: the same bytes to a file."""
        data = b"".join(row.data for row in self.rows(count))
        began = time.perf_counter()
        os.write(self._bare, data)
        os.fdatasync(self._bare)
        return time.perf_counter() - began

    def close(self) -> None:
        """Both files."""
        os.close(self._bare)
        self.store.close()


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    figures: list[Figure] = []
    place = Place(directory / "timed")
    try:
        for batch, divisor in BATCHES.items():
            figures += _batch(place, batch, max(3, size.appends // divisor))
    finally:
        place.close()
    return [*figures, *_counted(directory / "counted")]


def _batch(place: Place, batch: int, rounds: int) -> list[Figure]:
    works = [lambda: place.turn(batch), lambda: place.commit(batch), lambda: place.bare(batch)]
    turns, commits, floors = in_turns(rounds, works)
    place.store.checkpoint_wal()
    records = "record" if batch == 1 else "records"
    return [
        paired(
            group="append", name=f"a turn: sign, seal, commit {batch} {records}", unit="ms",
            values=turns, floors=floors, floor_name=FLOOR, scale=1e3,
            note=f"{spread(turns, 1e3)}; {quiet(turns, floors)}",
        ),
        paired(
            group="append", name=f"store.commit of {batch} signed {records}", unit="ms",
            values=commits, floors=floors, floor_name=FLOOR, scale=1e3,
            limit_ratio=RATIO_MAX if batch == 10 else None,
            note=f"{spread(commits, 1e3)}; {quiet(commits, floors)}",
        ),
    ]  # fmt: skip


def _counted(directory: Path) -> list[Figure]:
    """Through a VFS that counts: fsyncs and bytes, not time."""
    disk = VirtualDisk("bench")
    try:
        place = Place(directory, vfs=disk.name)
        try:
            return [*_counts(place, disk, 1), *_counts(place, disk, 10), *_counts(place, disk, 0)]
        finally:
            place.close()
    finally:
        disk.remove()


def _counts(place: Place, disk: VirtualDisk, batch: int) -> list[Figure]:
    """`batch` 0: what one visit commits with its record (bill, counter, contact)."""
    syncs, written, records = [], [], []
    for _ in range(COUNTED):
        before, bytes_before = _syncs(disk), sum(disk.written.values())
        rows = place.rows(max(batch, 1))
        place.store.commit(Batch(rows, saves=_saves() if batch == 0 else ()))
        syncs.append(float(_syncs(disk) - before))
        written.append(float(sum(disk.written.values()) - bytes_before))
        records.append(float(sum(len(row.data) for row in rows)))
    name = {0: "1 record with its bill, counter and contact", 1: "1 record"}.get(
        batch, f"{batch} records"
    )
    return [
        paired(
            group="append", name=f"fsyncs per commit of {name}", unit="fsyncs", values=syncs,
            floors=[1.0] * len(syncs), floor_name="one", limit=1,
            note=f"each of {COUNTED}: {sorted(set(map(int, syncs)))}, counted in the VFS",
        ),
        paired(
            group="append", name=f"bytes per commit of {name}", unit="B", values=written,
            floors=records, floor_name="bytes of the records",
        ),
    ]  # fmt: skip


def _saves() -> tuple[Save, ...]:
    """Documents of the sizes a visit's commit has."""
    return (
        Save("bill", "b0123456789abcdef", os.urandom(1_400)),
        Save("counter", "msgid", b"1234"),
        Save("meta", "centre", os.urandom(64)),
    )


def _syncs(disk: VirtualDisk) -> int:
    return sum(count for (what, _), count in disk.counts.items() if what == "sync")
