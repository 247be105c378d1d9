"""Upgrade with a full queue: a ledger that the first version of the program wrote (golden file, made
by commit 245b2e8: 120 records, 39 answered, 81 waiting) is taken over whole, whatever happens in
the middle."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from edge.core.types import Head
from edge.drivers.keys.file import AesLocker
from edge.drivers.store import Batch, schema
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from sim.crash.cut import Platter
from sim.crash.tape import write_image
from sim.world.chain import Chain
from sim.world.disk import VirtualDisk

GOLDEN = Path(__file__).parent / "golden" / "ledger-schema-1.db"
RECORDS, ANSWERED = 120, 39
MIXED_PER_POINT = 6


def locker() -> AesLocker:
    """The device key under which the golden ledger was written."""
    return AesLocker(random.Random(1).randbytes(32))


def is_open(space: str, value: bytes) -> bool:
    return value.startswith(b"open")


def version(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    finally:
        db.close()


def golden_bytes() -> list[bytes]:
    """The records, read with the standard library and none of our code."""
    db = sqlite3.connect(f"file:{GOLDEN}?immutable=1", uri=True)
    try:
        return [bytes(row[0]) for row in db.execute("SELECT data FROM ledger ORDER BY seq")]
    finally:
        db.close()


def nothing_is_lost(store: Driver) -> None:
    """Head, queue, answers, documents and bytes are what the old program left."""
    restored = store.restore(is_open)
    assert (restored.head.epoch, restored.head.seq) == (7, RECORDS)
    assert restored.answered_seq == ANSWERED
    assert [entry.seq for entry in restored.pending] == list(range(ANSWERED + 1, RECORDS + 1))
    assert restored.pending[0].local == {"bill_id": "b40", "amount_fen": 40}
    assert restored.docs["meta"] == {"last": b"120"}
    assert len(restored.docs["bill"]) == RECORDS
    assert store.verify_chain() == RECORDS
    assert store.records(1, RECORDS) == golden_bytes()
    found = store.result(3)
    assert found is not None
    assert found.receipt == b"receipt 3"
    assert store.base.seq == 0


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return Path(shutil.copy(GOLDEN, tmp_path / "ledger.db"))


@pytest.fixture
def disk() -> Iterator[VirtualDisk]:
    made = VirtualDisk("migrate")
    yield made
    made.remove()


def test_an_upgrade_with_a_full_queue_loses_nothing_and_the_ledger_goes_on(ledger: Path) -> None:
    assert version(ledger) == 1
    store = Driver(ledger, locker(), reserve_bytes=0)
    nothing_is_lost(store)
    chain = Chain(epoch=7, seed=2)
    chain.head = store.head
    store.commit(Batch(rows=(chain.row(),)))
    store.close()
    assert version(ledger) == schema.SCHEMA
    again = Driver(ledger, locker(), reserve_bytes=0)
    assert again.verify_chain() == RECORDS + 1
    again.close()


def test_a_migrated_ledger_has_the_very_tables_and_guards_of_a_fresh_one(
    ledger: Path, tmp_path: Path
) -> None:
    Driver(ledger, locker(), reserve_bytes=0).close()
    Driver(tmp_path / "fresh.db", locker(), reserve_bytes=0).close()

    def shape(path: Path) -> set[tuple[str, str]]:
        db = sqlite3.connect(path)
        rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        keys = db.execute("SELECT key, '' FROM meta").fetchall()
        db.close()
        return {(name, " ".join(sql.split())) for name, sql in rows + keys}

    assert shape(ledger) == shape(tmp_path / "fresh.db")


def test_a_power_cut_at_any_write_of_the_migration_leaves_the_old_version_or_the_new(
    disk: VirtualDisk,
) -> None:
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as name:
        run, image = Path(name) / "run", Path(name) / "image"
        run.mkdir()
        image.mkdir()
        path = Path(shutil.copy(GOLDEN, run / "ledger.db"))
        platter = Platter({"ledger.db": GOLDEN.read_bytes()})
        disk.recording = True
        Driver(path, locker(), reserve_bytes=0, vfs=disk.name).close()
        disk.recording = False
        dice, seen = random.Random(7), {1: 0, schema.SCHEMA: 0}
        for op in disk.ops:
            platter.feed(op)
            mixed = [platter.mixed(dice) for _ in range(MIXED_PER_POINT)]
            for content in (platter.kept(), platter.lost(), *mixed):
                write_image(image, content)
                seen[_version_as_found(image / "ledger.db")] += 1
                store = Driver(image / "ledger.db", locker(), reserve_bytes=0)
                nothing_is_lost(store)
                store.close()
        assert min(seen.values()) > 0, seen


def _version_as_found(path: Path) -> int:
    db = apsw.Connection(str(path))
    found = int(db.pragma("user_version"))
    db.close(force=True)
    return found


def test_a_full_disk_refuses_the_migration_cleanly_and_the_file_stays_what_it_was(
    ledger: Path, disk: VirtualDisk
) -> None:
    def full(what: str, _file: str) -> None:
        if what == "write":
            raise apsw.FullError("injected")

    before = ledger.read_bytes()
    disk.fail = full
    for _ in range(2):
        with pytest.raises(EdgeError, match="E-STO-03"):
            Driver(ledger, locker(), reserve_bytes=0, vfs=disk.name)
    disk.fail = lambda _what, _file: None
    assert version(ledger) == 1
    assert ledger.read_bytes() == before
    store = Driver(ledger, locker(), reserve_bytes=0, vfs=disk.name)
    nothing_is_lost(store)
    store.close()


def test_the_reserve_is_given_up_so_that_an_upgrade_succeeds_on_a_full_disk(
    ledger: Path, disk: VirtualDisk
) -> None:
    reserve = ledger.with_name("ledger.db.reserve")
    reserve.write_bytes(bytes(1024 * 1024))

    def full(what: str, _file: str) -> None:
        if what == "write" and reserve.exists():
            raise apsw.FullError("injected")

    disk.fail = full
    store = Driver(ledger, locker(), reserve_bytes=1024 * 1024, vfs=disk.name)
    disk.fail = lambda _what, _file: None
    nothing_is_lost(store)
    store.close()
    assert version(ledger) == schema.SCHEMA


def test_an_older_program_refuses_a_newer_ledger_and_does_not_touch_it(ledger: Path) -> None:
    db = sqlite3.connect(ledger)
    db.execute(f"PRAGMA user_version = {schema.SCHEMA + 1}")
    db.close()
    before = ledger.read_bytes()
    with pytest.raises(EdgeError, match="E-STO-07") as raised:
        Driver(ledger, locker(), reserve_bytes=0)
    assert "newer" in raised.value.hint
    assert ledger.read_bytes() == before


def test_the_head_of_the_golden_ledger_is_the_hash_of_its_last_record(ledger: Path) -> None:
    import hashlib

    store = Driver(ledger, locker(), reserve_bytes=0)
    assert store.head == Head(7, RECORDS, hashlib.sha256(golden_bytes()[-1]).digest())
    store.close()
