"""Pruning: only answered records go, all of a portion or nothing, and the chain that stays is provable."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from edge.core.effects import Prune, Save
from edge.drivers.store import NEWEST, Batch, pruning
from edge.drivers.store.pruning import RECORDS_AT_ONCE, TAIL_RECORDS
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from sim.crash.cut import Platter
from sim.crash.tape import write_image
from sim.world.chain import Chain
from sim.world.disk import VirtualDisk

FOREVER = 1 << 60


@pytest.fixture
def disk() -> Iterator[VirtualDisk]:
    made = VirtualDisk("prune")
    yield made
    made.remove()


class Shelf:
    """A ledger with `count` records, the first `answered` of them answered. Record n was written at
    n - 1 ms."""

    def __init__(self, path: Path, count: int, answered: int, vfs: str | None = None) -> None:
        self.path, self.chain = path, Chain(epoch=1)
        self.store = Driver(path, self.chain.locker, reserve_bytes=0, new_epoch=1, vfs=vfs)
        self.rows = [self.chain.row(120) for _ in range(count)]
        self.store.commit(Batch(rows=tuple(self.rows)))
        for first in range(1, answered + 1, 60):
            seqs = range(first, min(first + 60, answered + 1))
            self.store.commit(Batch(answers=(self.chain.answer(first, *seqs),)))

    def again(self) -> Driver:
        self.store.close()
        self.store = Driver(self.path, self.chain.locker, reserve_bytes=0)
        return self.store


def test_a_record_is_pruned_only_after_receipt_and_a_reconciled_day(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100)
    store = shelf.store
    assert store.prune(Prune(0, 0, FOREVER)).base.seq == 0  # no day is reconciled
    assert store.prune(Prune(31, 31, FOREVER)).base.seq == 31  # written before 31 ms
    done = store.prune(Prune(FOREVER, FOREVER, FOREVER))
    assert done.base.seq == 100  # the rest has no receipt
    assert store.prune(Prune(FOREVER, FOREVER, FOREVER)).records == 0
    assert store.restore().head.seq == 200
    assert store.records(101, 200) == [row.data for row in shelf.rows[100:]]


def test_the_named_number_of_records_and_the_tail_stay(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 200)
    assert shelf.store.prune(Prune(FOREVER, FOREVER, 90)).base.seq == 90
    assert shelf.store.prune(Prune(FOREVER, FOREVER, FOREVER)).base.seq == 200 - TAIL_RECORDS


def test_the_chain_is_provable_from_the_base_and_reading_below_it_is_answered_clearly(
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100)
    shelf.store.prune(Prune(FOREVER, FOREVER, 80))
    for reopen in (False, True):
        store = shelf.again() if reopen else shelf.store
        assert store.base.seq == 80
        assert store.record_hash(80) == store.base.hash == shelf.rows[79].hash
        assert store.record_hash(79) is None
        assert store.result(80) is None
        assert store.result(81) is not None
        assert store.restore().answered_seq == 100
        assert store.verify_chain() == 120
        for first, last in ((1, 1), (80, 81), (1, 200)):
            with pytest.raises(EdgeError, match="E-STO-08"):
                store.records(first, last)
        assert store.records(81, 82) == [row.data for row in shelf.rows[80:82]]


def test_a_record_in_dispute_stays_until_the_dispute_is_over(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 120)
    store = shelf.store
    done = store.prune(Prune(FOREVER, FOREVER, 100, keep=(7, 50)))
    assert (done.base.seq, done.records) == (100, 98)
    again = shelf.again()
    assert again.records(7, 7) == [shelf.rows[6].data]
    assert again.result(50) is not None
    assert again.record_hash(50) == shelf.rows[49].hash
    assert again.verify_chain() == 100
    assert again.prune(Prune(FOREVER, FOREVER, 100, keep=(50,))).records == 1
    with pytest.raises(EdgeError, match="E-STO-08"):
        again.records(7, 7)


def test_a_kept_record_that_was_changed_is_found(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 120)
    shelf.store.prune(Prune(FOREVER, FOREVER, 100, keep=(7,)))
    shelf.store.close()
    db = sqlite3.connect(shelf.path, isolation_level=None)
    db.execute("DROP TRIGGER ledger_keeps_bytes")
    db.execute("UPDATE ledger SET data = zeroblob(10) WHERE seq = 7")
    db.close()
    store = Driver(shelf.path, shelf.chain.locker, reserve_bytes=0)
    with pytest.raises(EdgeError, match="E-STO-05"):
        store.verify_chain()
    store.close()


def test_a_portion_is_bounded_and_more_is_said(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "l.db", RECORDS_AT_ONCE * 2 + TAIL_RECORDS, RECORDS_AT_ONCE * 2)
    what = Prune(FOREVER, FOREVER, FOREVER)
    first, second, third = (shelf.store.prune(what) for _ in range(3))
    assert (first.records, first.more) == (RECORDS_AT_ONCE, True)
    assert second.records == RECORDS_AT_ONCE
    assert (third.records, third.more) == (0, False)
    assert shelf.again().verify_chain() == TAIL_RECORDS


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger WHERE seq = 101",
        "DELETE FROM ledger WHERE seq = 61",
        "DELETE FROM decided WHERE seq = 61",
        "UPDATE ledger SET hash = zeroblob(32) WHERE seq = 61",
        "UPDATE meta SET value = 101 WHERE key = 'base'",
        "UPDATE meta SET value = 10 WHERE key = 'base'",
    ],
)
def test_the_database_itself_refuses_everything_but_the_one_prune_path(
    tmp_path: Path, statement: str
) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100)
    shelf.store.prune(Prune(FOREVER, FOREVER, 60))
    with pytest.raises(apsw.ConstraintError):
        shelf.store._db.execute(statement)
    assert shelf.store.verify_chain() == 140


@pytest.mark.parametrize("base", ["61", "60"])
def test_a_base_that_was_moved_by_hand_is_found_at_the_start(tmp_path: Path, base: str) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100)
    shelf.store.prune(Prune(FOREVER, FOREVER, 60))
    shelf.store.close()
    db = sqlite3.connect(shelf.path, isolation_level=None)
    db.execute("DROP TRIGGER base_is_answered")
    db.execute("UPDATE meta SET value = ? WHERE key = 'base'", (int(base) + 1,))
    db.close()
    store = Driver(shelf.path, shelf.chain.locker, reserve_bytes=0)
    with pytest.raises(EdgeError, match="E-STO-05"):
        store.restore()
    store.close()


def test_finished_documents_go_by_age_and_the_newest_and_the_open_ones_stay(tmp_path: Path) -> None:
    chain = Chain(epoch=1)
    store = Driver(tmp_path / "l.db", chain.locker, reserve_bytes=0, new_epoch=1)

    def age(space: str, value: bytes) -> int | None:
        return int(value.split()[1]) if space == "bill" else None

    store.restore(lambda _space, value: value.startswith(b"open"), age)
    many = NEWEST["bill"] + 100
    for number in range(many):
        word = b"open" if number == 3 else b"final"
        save = Save("bill", f"b{number:04}", word + b" %d" % number)
        store.commit(Batch(saves=(save, Save("meta", "m", b"x 1"))))
    assert store.prune(Prune(1, 50, 0)).docs == 49  # 0..49 but the open one
    assert store.doc("bill", "b0003") == b"open 3"
    assert store.doc("bill", "b0049") is None
    assert store.doc("bill", "b0050") is not None
    assert store.prune(Prune(1, FOREVER, 0)).docs == 50  # NEWEST stay whatever their age
    assert store.doc("meta", "m") == b"x 1"
    store.close()


def test_no_room_for_pruning_is_no_error_and_changes_nothing(
    tmp_path: Path, disk: VirtualDisk
) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100, vfs=disk.name)

    def full(what: str, _file: str) -> None:
        if what == "write":
            raise apsw.FullError("injected")

    disk.fail = full
    done = shelf.store.prune(Prune(FOREVER, FOREVER, FOREVER))
    assert (done.base.seq, done.records, done.more) == (0, 0, False)
    disk.fail = lambda _what, _file: None
    assert shelf.store.verify_chain() == 200
    assert shelf.store.prune(Prune(FOREVER, FOREVER, FOREVER)).base.seq == 100
    shelf.store.close()


def test_an_io_error_in_pruning_stops_the_store(tmp_path: Path, disk: VirtualDisk) -> None:
    shelf = Shelf(tmp_path / "l.db", 200, 100, vfs=disk.name)

    def broken(what: str, _file: str) -> None:
        if what == "sync":
            raise apsw.IOError("injected")

    disk.fail = broken
    with pytest.raises(EdgeError, match="E-STO-02"):
        shelf.store.prune(Prune(FOREVER, FOREVER, FOREVER))
    disk.fail = lambda _what, _file: None
    with pytest.raises(EdgeError, match="E-STO-02"):
        shelf.store.records(150, 150)
    again = shelf.again()
    again.restore()
    assert again.records(101, 200) == [row.data for row in shelf.rows[100:]]


def test_a_power_cut_in_pruning_leaves_all_of_the_portion_or_none(
    disk: VirtualDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "RECORDS_AT_ONCE", 20)
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as name:
        run, image = Path(name) / "run", Path(name) / "image"
        run.mkdir()
        image.mkdir()
        disk.recording = True
        shelf = Shelf(run / "ledger.db", 110, 45, vfs=disk.name)
        begun, acked, allowed = len(disk.ops), 0, [0, 20, 40]
        for number, base in enumerate(allowed[1:], start=1):
            done = shelf.store.prune(Prune(FOREVER, FOREVER, FOREVER, keep=(5,)))
            assert done.base.seq == base
            disk.ack(number)
            if number == 1:
                assert shelf.store.checkpoint_wal()
        disk.recording = False
        shelf.store.close()
        dice, seen, platter = random.Random(3), set(), Platter()
        for number, op in enumerate(disk.ops):
            platter.feed(op)
            acked = op.number if op.what == "ack" else acked
            if number < begun:
                continue
            for content in (platter.kept(), platter.lost(), platter.mixed(dice)):
                write_image(image, content)
                store = Driver(image / "ledger.db", shelf.chain.locker, reserve_bytes=0)
                restored = store.restore()
                base = store.base.seq
                seen.add(base)
                assert base in allowed[acked : acked + 2]
                assert (restored.head.seq, restored.answered_seq) == (110, 45)
                assert store.records(base + 1, 110) == [row.data for row in shelf.rows[base:]]
                assert store.records(5, 5) == [shelf.rows[4].data]
                assert store.verify_chain() == 110 - base
                below = "SELECT count(*) FROM ledger WHERE seq <= ?"
                assert store._db.execute(below, (base,)).get == (1 if base else 0)
                store.close()
        assert seen == set(allowed)
