"""A full disk: nothing new is taken, and the terminal is usable again as soon as there is room,
without a restart and without anything having to happen first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.agent import Agent
from edge.core.events import Pressed
from edge.core.terminal import ROOM_BACK_BYTES
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.process.watchdog import Watchdog
from tests.agent.test_owner import SETTINGS, arrived, bench


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    keys = FileKeys.create(tmp_path / "keys")
    made = Store(tmp_path / "ledger.db", keys.locker, new_epoch=1, reserve_bytes=0)
    yield made
    made.close()


@pytest.mark.parametrize("at_start", [False, True], ids=["while running", "at the start"])
def test_a_quiet_terminal_takes_bills_again_when_the_disk_has_room(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, at_start: bool
) -> None:
    free = [-1 if at_start else 1 << 30]
    reserve = store._reserve
    monkeypatch.setattr(reserve, "_free", lambda: free[0])

    async def main() -> None:
        b = bench(tmp_path, store)
        quick = replace(b.agent._p, watchdog=Watchdog({"WATCHDOG_USEC": "100000"}))
        b.agent = Agent(SETTINGS, quick)
        running = asyncio.create_task(b.agent.run(lambda: None))
        await b.until(lambda: b.air.said == ["connect"])
        if not at_start:
            free[0] = -1
            assert (await b.agent.call(arrived))[0] == 202  # the reserve is for what runs
            b.inbox.put(Pressed("cancel"))
        await b.until(lambda: b.agent.status()["service"] == "store_low")
        refused, body = await b.agent.call(lambda call: arrived(call, "B-2"))
        assert (refused, body["code"]) == (503, "E-HIS-10")
        free[0] = ROOM_BACK_BYTES - 1  # not enough to be in service without flapping
        await asyncio.sleep(0.15)
        assert b.agent.status()["service"] == "store_low"
        free[0] = ROOM_BACK_BYTES  # nobody does anything: no bill, no link, no button
        await b.until(lambda: b.agent.status()["service"] == "open")
        assert (await b.agent.call(lambda call: arrived(call, "B-2")))[0] == 202
        b.agent.stop()
        assert await running == 0

    asyncio.run(main())
