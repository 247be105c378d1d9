"""`facepay reconcile` as a process against a real server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.core.types import Json
from edge.field.commands.days import ALARM, written
from tests.http.scripted import ScriptedPort, serving

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "edge/field/deploy/facepay.example.toml").read_text()


class Port(ScriptedPort):
    """Tells what the test wants it to."""

    told: Json

    async def call(self, make):
        make(1)
        return 200, self.told


def told(state: str, code: str = "", **centre: object) -> Json:
    numbers = {"epoch": 2, "head_seq": 9, "head_hash": "ab" * 32, "answered_seq": 7}
    ends = {"upto": 7, "chain": "cd" * 32, "lacks": [], "extra": [], "unnamed": []}
    return {"state": state, "why": "", "code": code, "centre": ends | centre} | numbers


def facepay(folder: Path, base: str) -> subprocess.CompletedProcess[str]:
    port = int(base.rsplit(":", 1)[1])
    lines = [
        f"port = {port}" if line.startswith("port =") else line for line in EXAMPLE.splitlines()
    ]
    config = folder / "facepay.toml"
    config.write_text("\n".join(lines))
    command = [sys.executable, "-m", "edge.field.cli", "reconcile", "--config", str(config)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (told("equal"), 0, "equal"),
        (told("behind", lacks=[[8, 9]]), 0, "the centre lacks 8..9"),
        (told("alarm", "E-DAY-10", extra=[[10, 12]]), ALARM, "only the centre has 10..12"),
    ],
)
def test_the_two_ends_are_printed_and_an_alarm_is_an_exit_code(
    tmp_path: Path, answer: Json, code: int, says: str
) -> None:
    port = Port()
    port.told = answer
    with serving(port) as base:
        done = facepay(tmp_path, base)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout and "head 9  answered 7" in done.stdout


def test_a_terminal_that_does_not_run_is_said_so(tmp_path: Path) -> None:
    with serving(Port()) as base:
        pass
    done = facepay(tmp_path, base)
    assert done.returncode == 6 and "E-SYS-06" in done.stderr and "Traceback" not in done.stderr


def test_what_is_printed_of_an_odd_answer_is_still_readable() -> None:
    assert written({"state": "alarm"}).endswith("alarm\n")
    assert "epoch 1 ended" in written({"centre": {"unnamed": [{"epoch": 1, "upto": 4}]}})
