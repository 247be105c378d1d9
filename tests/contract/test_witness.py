"""What every file in edge/drivers/witness/ promises, and what the counter does on a TPM 2.0 (swtpm)
with the system's own tools. A new driver is picked up by listing the folder."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge import loader
from edge.core.events import Counted
from edge.core.types import Head
from edge.drivers.witness import Witness, tpm
from edge.errors import EdgeError
from sim.tpm import SoftTpm

PATIENCE_S = 20
FOLDER = Path(inspect.getfile(Witness)).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
BUDGET_S = 5.0  # one step: seven processes, seen to take 1 s on a busy machine
NOWHERE = {"tcti": "device:/nowhere/tpm", "tool_timeout_ms": 1000}


class Board:
    """What a driver may use of a controller."""

    def __init__(self) -> None:
        self.heads: list[Head | None] = []

    def witness(self, head: Head | None) -> None:
        self.heads.append(head)


def made(name: str, board: Board, **options: Any) -> Any:
    driver = loader.load("witness", name)
    module: Any = inspect.getmodule(driver)
    return driver(module.Options(**options), board)


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SoftTpm]:
    with SoftTpm(tmp_path / "tpm") as one:
        yield one


@pytest.fixture
def counter(chip: SoftTpm) -> tpm.Tpm:
    return tpm.Tpm(tpm.Options(tcti=chip.tcti))


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_keeps_the_protocol(name: str) -> None:
    assert name in loader.choices("witness")
    one = made(name, Board())
    for method in ("start", "hold", "count", "stop"):
        wanted = inspect.signature(getattr(Witness, method)).parameters
        assert list(inspect.signature(getattr(one, method)).parameters) == list(wanted)[1:]
    one.stop()


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_without_its_device_takes_every_call_and_stops(name: str) -> None:
    board, said = Board(), list[Counted]()

    async def life() -> None:
        one = made(name, board, **(NOWHERE if name == "tpm" else {}))
        one.start(asyncio.get_running_loop(), said.append)
        one.hold(None)
        one.hold(Head(1, 1, bytes(32)))
        one.count("make", 0)
        one.count("rise", 7)
        await asyncio.sleep(0.3)
        one.stop()
        before = len(said)
        await asyncio.sleep(0.1)
        assert len(said) == before, "nothing is posted after stop"

    asyncio.run(life())
    assert board.heads == ([None, Head(1, 1, bytes(32))] if name == "board" else [])
    failed = [Counted("failed", code="E-ROL-07")] * 3
    assert said == (failed if name == "tpm" else []), "each question has its answer"


def test_a_counter_is_made_rises_by_one_and_keeps_its_count_over_a_power_cut(
    chip: SoftTpm, counter: tpm.Tpm
) -> None:
    assert counter.look() == Counted("empty")
    first = counter.make()
    assert first.state == "held" and len(first.uid) == 64
    second = counter.rise(first.count + 1)
    assert (second.uid, second.count) == (first.uid, first.count + 1)
    chip.power_off()
    chip.power_on()
    assert counter.look() == second


def test_asked_again_for_a_step_that_was_taken_it_takes_no_other(counter: tpm.Tpm) -> None:
    first = counter.make()
    risen = counter.rise(first.count + 1)
    assert counter.rise(first.count + 1) == risen
    assert counter.rise(first.count + 9) == risen, "never more than one step"


def test_a_counter_made_anew_is_another_one_and_begins_above(
    chip: SoftTpm, counter: tpm.Tpm
) -> None:
    first = counter.make()
    last = counter.rise(first.count + 1)
    environment = {"PATH": "/usr/bin:/bin", "TPM2TOOLS_TCTI": chip.tcti}
    subprocess.run(["tpm2_nvundefine", "0x01800F01", "-C", "o"], env=environment, check=True)
    anew = counter.make()
    assert anew.uid != first.uid and anew.count > last.count


def test_a_counter_whose_first_step_was_cut_off_is_taken_up(
    chip: SoftTpm, counter: tpm.Tpm, tmp_path: Path
) -> None:
    policy = tmp_path / "policy"
    policy.write_bytes(b"\x07" * 32)
    define = ["tpm2_nvdefine", "0x01800F01", "-C", "o", "-s", "8", "-a", tpm.ATTRIBUTES, "-L", str(policy)]
    environment = {"PATH": "/usr/bin:/bin", "TPM2TOOLS_TCTI": chip.tcti}
    subprocess.run(define, env=environment, check=True, capture_output=True)
    said = counter.look()
    assert (said.state, said.uid) == ("held", "07" * 32) and said.count >= 1


def test_an_index_that_is_no_counter_of_ours_is_refused(chip: SoftTpm, counter: tpm.Tpm) -> None:
    environment = {"PATH": "/usr/bin:/bin", "TPM2TOOLS_TCTI": chip.tcti}
    define = ["tpm2_nvdefine", "0x01800F01", "-C", "o", "-s", "8", "-a", "ownerread|ownerwrite"]
    subprocess.run(define, env=environment, check=True, capture_output=True)
    with pytest.raises(EdgeError, match="E-ROL-08"):
        counter.look()


def test_a_tpm_without_power_or_tools_is_named_with_the_remedy(
    chip: SoftTpm, counter: tpm.Tpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip.power_off()
    with pytest.raises(EdgeError, match="E-ROL-07"):
        counter.look()
    chip.power_on()
    assert counter.look() == Counted("empty")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EdgeError, match="E-ROL-07") as caught:
        tpm.Tpm(tpm.Options(tcti=chip.tcti)).look()
    assert "tpm2-tools" in caught.value.hint


def test_a_tool_that_hangs_is_given_up_in_the_named_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "tpm2_getcap"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    began = time.monotonic()
    with pytest.raises(EdgeError, match="E-ROL-08"):
        tpm.Tpm(tpm.Options(tcti="none", tool_timeout_ms=200)).look()
    assert time.monotonic() - began < 5


def test_the_loop_does_not_wait_for_the_tpm_and_every_question_has_its_answer(
    chip: SoftTpm,
) -> None:
    said: list[Counted] = []
    gaps: list[float] = []

    async def until(holds: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not holds():
            before = time.monotonic()
            assert before < give_up
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - before)

    async def life() -> None:
        one = made("tpm", Board(), tcti=chip.tcti)
        one.start(asyncio.get_running_loop(), said.append)
        await until(lambda: len(said) == 1)
        one.count("make", 0)
        await until(lambda: len(said) == 2)
        began = time.monotonic()
        one.count("rise", said[1].count + 1)
        await until(lambda: len(said) == 3)
        assert time.monotonic() - began < BUDGET_S
        one.stop()

    asyncio.run(life())
    assert [one.state for one in said] == ["empty", "held", "held"]
    assert said[2].count == said[1].count + 1
    assert sorted(gaps)[len(gaps) // 2] < 0.05, "the loop went on turning"
