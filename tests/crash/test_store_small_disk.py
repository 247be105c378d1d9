"""A real file system that is really full (a small tmpfs): the ledger's own writes, its reserve, its
pruning and its checkpoints meet ENOSPC from the kernel and not from a test's hand."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.effects import Prune, Save
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from sim.world.chain import Chain

SIZE_KIB = 3 * 1024
RESERVE = 512 * 1024
FOREVER = 1 << 60
COMMITS_MAX = 4_000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_KIB}k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here (needs CAP_SYS_ADMIN)")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(store: Driver, chain: Chain) -> tuple[list[bytes], bool]:
    """Commit until the disk says no; the records that were acknowledged, and whether the room ran
    out before that."""
    datas: list[bytes] = []
    warned = False
    for number in range(COMMITS_MAX):
        before = chain.head
        row = chain.row(700)
        try:
            room = store.commit(Batch(rows=(row,), saves=(Save("bill", f"b{number}", b"x" * 200),)))
        except EdgeError as error:
            assert error.code == "E-STO-03"
            chain.head = before  # it never happened: the same place is given out again
            return datas, warned
        datas.append(row.data)
        if number % 20 == 19:
            store.checkpoint_wal()  # as an idle moment does
        warned = warned or room <= 0
    raise AssertionError("the disk never became full")


def test_a_disk_that_is_really_full_warns_before_the_reserve_and_loses_nothing(small: Path) -> None:
    chain = Chain(epoch=1)
    store = Driver(small / "ledger.db", chain.locker, reserve_bytes=RESERVE, new_epoch=1)
    datas, warned = fill(store, chain)
    assert warned, "new visits must be refused before the last reserve is touched"
    assert len(datas) > 100
    with pytest.raises(EdgeError, match="E-STO-03"):
        store.commit(Batch(rows=tuple(chain.row(3000) for _ in range(30))))
    assert store.head.seq == len(datas)
    assert store.records(1, len(datas)) == datas
    store.close()
    again = Driver(small / "ledger.db", chain.locker, reserve_bytes=0)  # a restart on the full disk
    assert again.restore().head.seq == len(datas)
    assert again.verify_chain() == len(datas)
    again.close()


def test_pruning_makes_a_full_terminal_usable_again(small: Path) -> None:
    """What is answered and reconciled gives its pages back to the ledger: the file does not grow, new
    records fit into it."""
    chain = Chain(epoch=1)
    ballast = small / "ballast"
    ballast.write_bytes(bytes(200 * 1024))
    store = Driver(small / "ledger.db", chain.locker, reserve_bytes=RESERVE, new_epoch=1)
    datas, _ = fill(store, chain)
    ballast.unlink()  # a little air, as an engineer makes it
    store.checkpoint_wal()
    for first in range(1, len(datas) + 1, 40):
        seqs = range(first, min(first + 40, len(datas) + 1))
        try:
            store.commit(Batch(answers=(chain.answer(first, *seqs),)))
        except EdgeError:
            break
        store.checkpoint_wal()
    answered = store.answered_seq
    assert answered > 100
    before = (small / "ledger.db").stat().st_size
    for _ in range(20):
        done = store.prune(Prune(FOREVER, FOREVER, answered - 10))
        store.checkpoint_wal()
        if not done.more:
            break
    assert store.base.seq > 0
    chain.head = store.head
    more = [chain.row(700) for _ in range(40)]
    for row in more:
        store.commit(Batch(rows=(row,)))
        store.checkpoint_wal()
    assert (small / "ledger.db").stat().st_size <= before + 256 * 1024
    assert store.verify_chain() == store.head.seq - store.base.seq
    store.close()
