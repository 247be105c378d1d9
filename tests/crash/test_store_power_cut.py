"""Power cuts: every state the disk may be left in holds exactly the commits up to the last acknowledged one (or one more)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge.core.effects import Save
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from edge.errors import EdgeError
from sim.world.chain import Chain
from sim.world.disk import VirtualDisk, images, write_image

COMMITS = 30
MIXED_PER_POINT = 2
SETUP = -1


@pytest.fixture
def folder(tmp_path):
    """In memory where there is such a place: the images are what is tested, not this machine's disk."""
    shm = Path("/dev/shm")
    if not shm.is_dir():
        yield tmp_path
        return
    import tempfile

    with tempfile.TemporaryDirectory(dir=shm) as name:
        yield Path(name)


@pytest.fixture
def disk():
    made = VirtualDisk("power-cut")
    yield made
    made.remove()


class Workload:
    """Commits of rows, answers and documents; remembers what the ledger must hold after each."""

    def __init__(self, folder: Path, disk: VirtualDisk, synchronous: str, commits: int) -> None:
        self.chain, self.disk, self.dice = Chain(epoch=1), disk, random.Random(5)
        self.datas: list[bytes] = []
        self.states: list[tuple[int, int, dict[str, bytes]]] = []
        self.docs: dict[str, bytes] = {}
        self.answered = 0
        (folder / "run").mkdir()
        disk.recording = True
        self.store = Driver(
            folder / "run" / "ledger.db",
            self.chain.locker,
            reserve_bytes=0,
            new_epoch=1,
            vfs=disk.name,
        )
        self.store._db.pragma("synchronous", synchronous)
        self._remember()
        disk.ack(0)
        for number in range(1, commits + 1):
            self._commit(number)
        disk.recording = False
        self.store.close()

    def _commit(self, number: int) -> None:
        rows = tuple(
            self.chain.row(self.dice.choice((200, 700, 3000)))
            for _ in range(self.dice.randint(0, 3))
        )
        self.datas += [row.data for row in rows]
        answers = ()
        if self.answered < len(self.datas) and number % 3 == 0:
            self.answered += 1
            answers = (self.chain.answer(number, self.answered),)
        key = f"b{number % 5}"
        self.docs = {**self.docs, key: b"value %d" % number}
        self.store.commit(
            Batch(rows=rows, answers=answers, saves=(Save("bill", key, self.docs[key]),))
        )
        self._remember()
        self.disk.ack(number)
        if number % 7 == 0:
            assert self.store.checkpoint_wal()

    def _remember(self) -> None:
        self.states.append((len(self.datas), self.answered, self.docs))


def violation(workload: Workload, folder: Path, acked: int) -> str:
    """What is wrong with the ledger in `folder`, when commit `acked` had been acknowledged."""
    try:
        store = Driver(folder / "ledger.db", workload.chain.locker, reserve_bytes=0, new_epoch=1)
    except EdgeError as error:
        return f"does not open: {error.code}"
    try:
        restored = store.restore()
        found = (restored.head.seq, restored.answered_seq, restored.docs.get("bill", {}))
        allowed = workload.states[max(acked, 0) : max(acked, 0) + 2]
        if found not in allowed:
            return "lost or half done"
        if store.records(1, restored.head.seq) != workload.datas[: restored.head.seq]:
            return "other bytes"
        if restored.answered_seq and store.result(restored.answered_seq) is None:
            return "result lost"
    except EdgeError as error:
        return f"does not restore: {error.code}"
    finally:
        store.close()
    return ""


def violations(
    folder: Path, disk: VirtualDisk, synchronous: str, commits: int
) -> tuple[int, dict[str, int]]:
    """(number of images looked at, what was wrong with how many)."""
    workload = Workload(folder, disk, synchronous, commits)
    image, dice = folder / "image", random.Random(11)
    image.mkdir()
    acked, looked, wrong = SETUP, 0, {}
    for end in range(1, len(disk.ops) + 1):
        op = disk.ops[end - 1]
        if op.what == "ack":
            acked = op.number
        for _, content in images(disk.ops[:end], dice, MIXED_PER_POINT):
            write_image(image, content)
            looked += 1
            if said := violation(workload, image, acked):
                wrong[said] = wrong.get(said, 0) + 1
    return looked, wrong


def test_no_power_cut_loses_or_halves_an_acknowledged_commit(folder, disk):
    looked, wrong = violations(folder, disk, "FULL", COMMITS)
    assert looked > 1000
    assert not wrong


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_harness_sees_what_weaker_settings_lose(folder, disk, synchronous):
    """Must fail: a harness that finds nothing here would prove nothing above."""
    _, wrong = violations(folder, disk, synchronous, COMMITS // 2)
    assert wrong.get("lost or half done", 0) > 10
