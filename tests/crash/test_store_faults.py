"""The disk says no: full, failing, or changed behind our back. And what one commit costs it."""

from __future__ import annotations

import sqlite3

import apsw
import pytest

from edge.core.effects import Save
from edge.drivers.store import Batch
from edge.drivers.store import sqlite as sqlite_store
from edge.drivers.store.reserve import Reserve
from edge.drivers.store.sqlite import Driver, refuse_old_sqlite
from edge.errors import EdgeError
from sim.world.chain import Chain
from sim.world.disk import VirtualDisk

COMMITS = 50
RESERVE = 1024 * 1024


@pytest.fixture
def disk():
    made = VirtualDisk("faults")
    yield made
    made.remove()


@pytest.fixture
def chain():
    return Chain(epoch=1)


@pytest.fixture
def store(tmp_path, disk, chain):
    made = Driver(
        tmp_path / "ledger.db", chain.locker, reserve_bytes=RESERVE, new_epoch=1, vfs=disk.name
    )
    made.commit(
        Batch(rows=(chain.row(),))
    )  # the first one after a checkpoint also syncs the log's head
    yield made
    disk.fail = lambda _what, _file: None
    made.close()


def reopened(store, tmp_path, chain):
    store.close()
    return Driver(tmp_path / "ledger.db", chain.locker, reserve_bytes=RESERVE)


def fail_on(what: str, error: type[Exception], times: int = 10**9):
    left = [times]

    def fail(did: str, _file: str) -> None:
        if did == what and left[0] > 0:
            left[0] -= 1
            raise error("injected")

    return fail


# -- the price of a commit --------------------------------------------------------------------------------------
def syncs(disk) -> int:
    return sum(count for (what, _), count in disk.counts.items() if what == "sync")


def test_a_commit_costs_one_fsync_whatever_is_in_it(store, disk, chain):
    before = syncs(disk)
    for number in range(1, COMMITS + 1):
        rows = tuple(chain.row() for _ in range(number % 4))
        answers = (chain.answer(number, number),) if number % 2 and number <= chain.head.seq else ()
        store.commit(
            Batch(rows=rows, answers=answers, saves=(Save("bill", f"b{number}", b"x" * 300),))
        )
    assert syncs(disk) - before == COMMITS


def test_a_commit_of_one_record_writes_little(store, disk, chain):
    before = sum(disk.written.values())
    for _ in range(COMMITS):
        store.commit(Batch(rows=(chain.row(400),)))
    assert (
        sum(disk.written.values()) - before
    ) / COMMITS < 16 * 1024  # ledger, meta, their parents, log frames


def test_a_batch_is_one_commit(store, disk, chain):
    before = syncs(disk)
    store.commit(Batch(rows=tuple(chain.row() for _ in range(64))))
    assert syncs(disk) - before == 1


def test_the_log_cannot_grow_without_end(store, disk, chain, monkeypatch):
    monkeypatch.setattr(sqlite_store, "WAL_PAGES_MAX", 20)
    for _ in range(60):
        store.commit(Batch(rows=(chain.row(),)))
        assert store._wal_pages <= 20 + 12
    assert disk.counts["sync", "ledger.db"] > 1


# -- full -------------------------------------------------------------------------------------------------------
def test_a_full_disk_changes_nothing_and_says_so(store, disk, chain, tmp_path):
    head = store.head
    row = chain.row()
    disk.fail = fail_on("write", apsw.FullError)
    for _ in range(3):
        with pytest.raises(EdgeError, match="E-STO-03"):
            store.commit(Batch(rows=(row,), saves=(Save("meta", "m", b"x"),)))
    assert store.head == head
    assert store.doc("meta", "m") is None
    disk.fail = lambda _what, _file: None
    store.commit(Batch(rows=(row,), saves=(Save("meta", "m", b"x"),)))
    again = reopened(store, tmp_path, chain)
    assert again.restore().head == chain.head
    again.close()


def test_the_reserve_lets_what_runs_end_well(store, disk, chain, tmp_path):
    """The first write finds no room; with the reserve given up there is some: nobody notices but the room."""
    assert (tmp_path / "ledger.db.reserve").stat().st_size == RESERVE
    room = store.room_bytes()
    disk.fail = fail_on("write", apsw.FullError, times=1)
    after = store.commit(Batch(rows=(chain.row(),)))
    assert not (tmp_path / "ledger.db.reserve").exists()
    assert store.head == chain.head
    assert after < room + RESERVE // 2  # the freed blocks are not counted as room; others delete files, too
    assert store.checkpoint_wal()
    assert (
        tmp_path / "ledger.db.reserve"
    ).stat().st_size == RESERVE  # taken back when there is space


def test_the_reserve_is_real_blocks_and_never_takes_the_last(tmp_path):
    reserve = Reserve(tmp_path / "ledger.db", RESERVE)
    before = reserve.room_bytes()
    assert reserve.hold()
    found = (tmp_path / "ledger.db.reserve").stat()
    assert found.st_blocks * 512 >= RESERVE
    assert abs(reserve.room_bytes() - before) < 64 * 1024 * 1024  # others use this disk too
    assert not Reserve(tmp_path / "other.db", 2**62).hold()
    assert not (tmp_path / "other.db.reserve").exists()


def test_a_full_disk_does_not_stop_a_checkpoint_from_being_tried_again(store, disk, chain):
    store.commit(Batch(rows=(chain.row(),)))
    disk.fail = fail_on("write", apsw.FullError)
    assert not store.checkpoint_wal()
    disk.fail = lambda _what, _file: None
    assert store.checkpoint_wal()
    assert store.verify_chain() == chain.head.seq


# -- failing ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["write", "sync"])
def test_after_one_io_error_the_store_refuses_everything(store, disk, chain, tmp_path, what):
    acknowledged = store.head.seq
    row = chain.row()
    disk.fail = fail_on(
        what, apsw.IOError, times=1
    )  # the next fsync would succeed: that is the trap
    with pytest.raises(EdgeError, match="E-STO-02"):
        store.commit(Batch(rows=(row,)))
    for use in (
        lambda: store.commit(Batch(rows=(row,))),
        lambda: store.records(1, 1),
        lambda: store.result(1),
        store.checkpoint_wal,
        store.restore,
    ):
        with pytest.raises(EdgeError, match="E-STO-02"):
            use()
    again = reopened(store, tmp_path, chain)
    assert again.restore().head.seq >= acknowledged
    again.close()


def test_an_io_error_in_a_checkpoint_is_not_swallowed(store, disk, chain):
    store.commit(Batch(rows=(chain.row(),)))
    disk.fail = fail_on("sync", apsw.IOError, times=1)
    with pytest.raises(EdgeError, match="E-STO-02"):
        store.checkpoint_wal()
    with pytest.raises(EdgeError, match="E-STO-02"):
        store.commit(Batch(rows=(chain.row(),)))


def test_after_an_io_error_closing_touches_nothing(store, disk, chain):
    """SQLite would move its log at the close, and take errors there for a success."""
    disk.fail = fail_on("sync", apsw.IOError, times=1)
    with pytest.raises(EdgeError, match="E-STO-02"):
        store.commit(Batch(rows=(chain.row(),)))
    before = dict(disk.counts)
    store.close()
    assert dict(disk.counts) == before


def test_the_log_of_a_life_that_was_killed_is_moved_and_its_errors_are_said(store, chain, tmp_path):
    """No commit has to come first: `facepay killpoints --duty start`."""
    store.commit(Batch(rows=(chain.row(),)))
    killed = tmp_path / "killed"
    killed.mkdir()
    for file in tmp_path.glob("ledger.db*"):
        (killed / file.name).write_bytes(file.read_bytes())
    log = killed / "ledger.db-wal"
    assert log.stat().st_size > 0
    failing = VirtualDisk("killed")
    again = Driver(killed / "ledger.db", chain.locker, reserve_bytes=0, vfs=failing.name)
    failing.fail = fail_on("sync", apsw.IOError, times=1)
    with pytest.raises(EdgeError, match="E-STO-02"):
        again.checkpoint_wal()
    again.close()
    failing.remove()
    healed = Driver(killed / "ledger.db", chain.locker, reserve_bytes=0)
    assert healed.checkpoint_wal()
    assert log.stat().st_size == 0
    assert healed.restore().head == chain.head
    healed.close()


# -- changed behind our back ------------------------------------------------------------------------------------
def tampered(store, tmp_path, *statements: str) -> None:
    store.close()
    db = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    db.execute("DROP TRIGGER ledger_keeps_rows")
    db.execute("DROP TRIGGER ledger_keeps_bytes")
    for statement in statements:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET data = CAST(substr(data, 1, length(data) - 1) || x'00' AS BLOB) WHERE seq = 3",
        "UPDATE ledger SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE ledger SET prev = zeroblob(32) WHERE seq = 3",
        "UPDATE ledger SET txid = zeroblob(16) WHERE seq = 3",
        "DELETE FROM ledger WHERE seq = 3",
        "DELETE FROM ledger WHERE seq <= 2",
        "UPDATE meta SET value = 9 WHERE key = 'answered'",
    ],
)
def test_a_changed_chain_is_found_at_the_start(store, chain, tmp_path, statement):
    store.commit(Batch(rows=tuple(chain.row() for _ in range(5))))
    tampered(store, tmp_path, statement)
    again = Driver(tmp_path / "ledger.db", chain.locker, reserve_bytes=0)
    with pytest.raises(EdgeError, match="E-STO-05"):
        again.restore()
    again.close()


def test_values_cannot_change_places_unseen(store, chain, tmp_path):
    store.commit(Batch(saves=(Save("bill", "b1", b"one"), Save("bill", "b2", b"two"))))
    tampered(
        store,
        tmp_path,
        "UPDATE docs SET value = (SELECT value FROM docs WHERE key = 'b2') WHERE key = 'b1'",
    )
    again = Driver(tmp_path / "ledger.db", chain.locker, reserve_bytes=0)
    with pytest.raises(EdgeError, match="E-KEY-05"):
        again.doc("bill", "b1")
    assert again.doc("bill", "b2") == b"two"
    again.close()


def test_the_ledger_itself_refuses_updates_and_deletes(store):
    for statement in ("DELETE FROM ledger", "UPDATE ledger SET hash = zeroblob(32)"):
        with pytest.raises(apsw.ConstraintError, match="append-only"):
            store._db.execute(statement)


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_file_that_is_no_database_is_left_alone(chain, tmp_path, content):
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(EdgeError, match="E-STO-06"):
        Driver(path, chain.locker, reserve_bytes=0)
    assert path.read_bytes() == content


def test_another_database_is_not_taken_for_a_ledger(chain, tmp_path):
    path = tmp_path / "ledger.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t(x)")
    db.commit()
    db.close()
    with pytest.raises(EdgeError, match="E-STO-06"):
        Driver(path, chain.locker, reserve_bytes=0)
    assert sqlite3.connect(path).execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


def test_a_damaged_page_is_found_at_the_start(store, chain, tmp_path):
    store.commit(Batch(rows=tuple(chain.row(3000) for _ in range(40))))
    store.close()
    path = tmp_path / "ledger.db"
    content = bytearray(path.read_bytes())
    content[4096 * 10 : 4096 * 12] = b"\x5a" * 8192
    path.write_bytes(content)
    with pytest.raises(EdgeError, match=r"E-STO-0[56]"):
        Driver(path, chain.locker, reserve_bytes=0).restore()


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.9.0"])
def test_an_sqlite_with_the_wal_reset_bug_is_refused(version):
    with pytest.raises(EdgeError, match="E-STO-01"):
        refuse_old_sqlite(version)


def test_the_pinned_sqlite_is_new_enough():
    refuse_old_sqlite(apsw.sqlite_lib_version())
