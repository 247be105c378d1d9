"""The whole agent on a disk that forgets: the power goes in the middle of work, again and again, and nothing is lost,
nothing doubled.

Real agent, broker, centre and controller as in `test_agent_kill.py`; but the agent's data lies on a file system of ours
(FUSE) that keeps only what was synced, and of the rest what the dice leave, torn at sectors.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from sim.clinic.counter import ROOT, Clerk, Counter, until
from sim.crash.mount import LossyMount, missing
from sim.net.brokers import free_port
from tests.crash.kit import Load, compare_the_books, in_the_middle_of_a_commit

CUTS = 20
SEED = 20261125
CARELESS = """
import edge.drivers.store.sqlite as store
_open = store.Driver._open
def careless(self, epoch):
    _open(self, epoch)
    self._db.pragma("synchronous", "off")
store.Driver._open = careless
"""

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_power_cuts_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    with LossyMount(tmp_path / "data", SEED) as disk, Counter(tmp_path, "mosquitto") as counter:
        counter.write_config(http={"port": free_port()}, ui={"result_show_ms": 1000})
        counter.agent.start()
        load = Load(counter, dice)
        load.clerk.online()
        load.start()
        for cut in range(CUTS):
            time.sleep(dice.uniform(0.05, 1.3))
            if cut % 2:
                in_the_middle_of_a_commit(disk.folder / "ledger.db-wal", dice)
            assert not load.broken, load.broken
            counter.agent.kill()
            disk.cut()
            counter.agent.start()
        load.no_more_bills()
        until(lambda: len(load.told) == len(load.sent), "every POST was answered in the end")
        until(lambda: load.clerk.status()["waiting"] == 0, "the backlog drained")
        until(lambda: load.clerk.status()["bills_active"] == 0, "every bill found its end")
        load.stop()
        assert not load.broken, load.broken
        states = {number: load.clerk.bill(bill_id) for number, bill_id in load.told.items()}
        status = load.clerk.status()
        assert counter.agent.stop() == 0
        disk.cut()  # once more: the end was durable as well
        compare_the_books(counter, load, states, status, CUTS)
        print(f"power cuts {disk.cuts} · bills {len(states)} · lost 0 · doubled 0")


@pytest.mark.slow
def test_the_same_cuts_are_seen_to_lose_what_is_not_synced(tmp_path: Path) -> None:
    """Must fail: with synchronous=OFF the agent promises what a power cut takes back."""
    (tmp_path / "careless").mkdir()
    (tmp_path / "careless" / "sitecustomize.py").write_text(CARELESS)
    environment = {"PYTHONPATH": f"{tmp_path / 'careless'}{os.pathsep}{ROOT}"}
    place = LossyMount(tmp_path / "data", SEED)
    with place as disk, Counter(tmp_path, "mosquitto", board=False) as counter:
        counter.write_config(http={"port": free_port()})
        counter.agent.start(environment)
        assert missed_after_a_cut(counter, disk, environment)


def missed_after_a_cut(counter: Counter, disk: LossyMount, environment: dict[str, str]) -> bool:
    """Was a bill that the HIS holds a number of forgotten, or the ledger damaged?"""
    clerk = Clerk(counter)
    answer = clerk.send("K-1", 1000, "settle")
    assert answer.status_code == 202, answer.text
    counter.agent.kill()
    disk.cut()
    try:
        counter.agent.start(environment)
    except RuntimeError as error:
        assert "E-STO-0" in str(error)
        return True
    return clerk.http.get(f"/v1/bills/{answer.json()['bill_id']}").status_code == 404


@pytest.mark.slow
def test_what_was_answered_outlives_the_same_cut_when_it_is_synced(tmp_path: Path) -> None:
    place = LossyMount(tmp_path / "data", SEED)
    with place as disk, Counter(tmp_path, "mosquitto", board=False) as counter:
        counter.write_config(http={"port": free_port()})
        counter.agent.start()
        assert not missed_after_a_cut(counter, disk, {})
