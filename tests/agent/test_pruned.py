"""What the HIS hears about a record that was pruned: a code of its own, not "not yet" and not "never"."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.core.books import bills
from edge.core.effects import Prune, Save
from edge.core.types import Bill, BillState, BillStatus
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from sim.world.chain import Chain
from tests.agent.test_owner import bench

FOREVER = 1 << 60


def test_the_receipt_of_a_pruned_record_is_answered_with_its_own_code(tmp_path: Path) -> None:
    keys = FileKeys.create(tmp_path / "keys")
    store = Store(tmp_path / "ledger.db", keys.locker, new_epoch=1, reserve_bytes=0)
    chain = Chain(epoch=1)
    store.commit(Batch(rows=tuple(chain.row() for _ in range(100))))
    store.commit(Batch(answers=(chain.answer(1, *range(1, 61)),)))
    for seq in (5, 50):
        bill = Bill("register", f"B-{seq}", 100)
        state = BillState(f"b{seq}", bill, BillStatus.SETTLED, 1, 0, 0, seq=seq)
        store.commit(Batch(saves=(Save(bills.BILL_SPACE, f"b{seq}", bills.encode(state)),)))
    assert store.prune(Prune(FOREVER, 0, 20)).base.seq == 20

    async def main() -> None:
        agent = bench(tmp_path, store).agent
        assert agent.receipt("b50") is not None
        with pytest.raises(EdgeError, match="E-HIS-34"):
            agent.receipt("b5")
        assert agent.receipt("b-unknown") is None

    asyncio.run(main())
    store.close()
