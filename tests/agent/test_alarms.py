"""The case is opened: from the switch over the firmware, the cable, the core and the API to what a
person types, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.boards import sim as wiring
from sim.clinic.counter import Clerk, Counter, until
from sim.net.brokers import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with Counter(tmp_path_factory.mktemp("alarms"), "mosquitto") as made:
        yield made


def clear_tamper(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.field.cli", "clear-tamper", "--config", str(config)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_an_opened_case_is_an_alarm_until_somebody_who_closed_it_says_so(counter: Counter) -> None:
    config = counter.write_config(http={"port": free_port()})
    counter.agent.start()
    desk = Clerk(counter)
    desk.with_board()
    assert counter.board is not None
    until(lambda: desk.status()["controller"]["readings"], "its readings")
    assert desk.status()["controller"]["slot"] == "a"
    assert "E-BRD-40" not in desk.status()["alarms"]

    case = wiring.TAMPER_PINS[0]
    counter.board.control.ask("drive", pin=case, level=1)
    until(lambda: "E-BRD-40" in desk.status()["alarms"], "the alarm")
    refused = clear_tamper(config)
    assert refused.returncode != 0
    assert "E-BRD-40: still latched: case (open: case)" in refused.stderr
    counter.board.control.ask("drive", pin=case, level=0)
    until(lambda: desk.status()["controller"]["open"] == [], "closed")
    assert "E-BRD-40" in desk.status()["alarms"], "closing it is no pardon"
    done = clear_tamper(config)
    assert (done.returncode, done.stdout) == (0, "the controller remembers no opening\n")
    assert "E-BRD-40" not in desk.status()["alarms"]
