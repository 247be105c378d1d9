"""SIGKILL at 50 random moments under load, the broker killed, the centre killed: nothing lost,
nothing doubled.

Three books are held against each other at the end: what the HIS was told, the terminal's own
ledger, and the centre's log recomputed from its stored rows. A HIS thread posts bills and repeats
every unanswered POST with the same key; a clerk serves whatever screen is on with a patient's card;
between them the agent, the broker and the centre die.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from sim.clinic.counter import Counter, until
from sim.net.brokers import free_port
from tests.crash.kit import Load, compare_the_books, in_the_middle_of_a_commit

KILLS = 50
BROKER_KILLS = 4
CENTRE_KILLS = 4
SEED = 20261121


@pytest.mark.slow
def test_fifty_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    with Counter(tmp_path, "mosquitto") as counter:
        counter.write_config(http={"port": free_port()}, ui={"result_show_ms": 1000})
        counter.agent.start()
        load = Load(counter, dice)
        load.clerk.online()
        load.start()
        others = ["broker"] * BROKER_KILLS + ["centre"] * CENTRE_KILLS
        when = {dice.randrange(KILLS): other for other in others}
        for kill in range(KILLS):
            time.sleep(dice.uniform(0.05, 1.3))  # anywhere in a visit, in a start, in a drain
            if when.get(kill) == "broker":
                counter.broker.kill()
                time.sleep(dice.uniform(0, 0.5))
                counter.broker.restart()
            elif when.get(kill) == "centre":
                counter.kill_centre()
                counter.start_centre()
            elif kill % 2:
                in_the_middle_of_a_commit(counter.directory / "data" / "ledger.db-wal", dice)
            assert not load.broken, load.broken
            counter.agent.kill()
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
        compare_the_books(counter, load, states, status, KILLS)
