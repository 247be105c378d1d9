"""SIGKILL at a random moment: what the writer had acknowledged is there, in order, as the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.drivers.keys.file import AesLocker
from edge.drivers.store.sqlite import Driver

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12
LOCAL_KEY = bytes(range(32))

WRITER = """
import sys
from edge.core.effects import Save
from edge.drivers.keys.file import AesLocker
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from sim.world.chain import Chain
store = Driver(sys.argv[1], AesLocker(bytes(range(32))), reserve_bytes=0, new_epoch=3)
store.restore()
chain = Chain(epoch=3, seed=store.head.seq)
chain.head = store.head
print("ready", flush=True)
for number in range(1_000_000):
    row = chain.row()
    store.commit(Batch(rows=(row,), saves=(Save("bill", "last", row.hash),)))
    print(row.seq, row.hash.hex(), flush=True)
    if number % 10 == 9:
        store.checkpoint_wal()
"""


@pytest.fixture
def writer(tmp_path):
    running = []

    def start() -> subprocess.Popen[str]:
        made = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "ledger.db")],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(made)
        return made

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_was_acknowledged_survives_sigkill(writer, tmp_path):
    dice, acknowledged = random.Random(3), {}
    for _ in range(KILLS):
        process = writer()
        assert process.stdout.readline() == "ready\n"
        for _ in range(dice.randint(0, 25)):
            seq, digest = process.stdout.readline().split()
            acknowledged[int(seq)] = digest
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate()
        for line in rest.splitlines():  # what it still managed to say
            if len(words := line.split()) == 2 and len(words[1]) == 64:
                acknowledged[int(words[0])] = words[1]
        store = Driver(tmp_path / "ledger.db", AesLocker(LOCAL_KEY), reserve_bytes=0)
        restored = store.restore()
        assert restored.head.seq >= max(acknowledged, default=0)
        assert store.verify_chain() == restored.head.seq
        for seq, digest in acknowledged.items():
            assert store.record_hash(seq).hex() == digest
        if restored.head.seq:  # the document came with its record, not before and not after
            assert store.doc("bill", "last") == restored.head.hash
        store.close()
    assert len(acknowledged) > KILLS
