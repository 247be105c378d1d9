"""The USB side of a simulated board, by the tools people use: unmodified mpremote, and UF2 files
copied onto a drive."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.field.flash.port import wait_for
from edge.field.flash.repl import Repl
from sim.board import SimBoard
from sim.board.chip import uf2

PATIENCE_S = 30
MPREMOTE = Path(sys.executable).parent / "mpremote"


def until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def mpremote(board: SimBoard, *words: str) -> str:
    command = [str(MPREMOTE), "connect", str(board.usb), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.replace("\r\n", "\n")


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimBoard]:
    """Its program has no watchdog, or a slow test machine would be bitten in a command."""
    place = tmp_path_factory.mktemp("board")
    (place / "overlay").mkdir()
    (place / "overlay" / "main.py").write_text("import time\nwhile True:\n    time.sleep_ms(10)\n")
    with SimBoard(place) as one:
        yield one


def test_mpremote_interrupts_the_running_program_and_finds_a_pico(board: SimBoard) -> None:
    said = mpremote(board, "exec", "import sys, os; print(sys.platform, os.uname()[4])")
    assert said == "rp2 Raspberry Pi Pico with RP2040\n"
    assert mpremote(board, "eval", "6 * 7") == "42\n"
    assert "KeyboardInterrupt" in board.control.state()["console"]


def test_mpremote_copies_lists_hashes_and_removes_files(board: SimBoard, tmp_path: Path) -> None:
    data = bytes(range(256)) * 20
    (tmp_path / "some.bin").write_bytes(data)
    mpremote(board, "fs", "cp", str(tmp_path / "some.bin"), ":some.bin")
    assert hashlib.sha256(data).hexdigest() in mpremote(board, "fs", "sha256sum", ":some.bin")
    assert "5120 some.bin" in mpremote(board, "fs", "ls")
    assert "main.py" in mpremote(board, "fs", "tree")
    mpremote(board, "fs", "rm", ":some.bin")
    assert "some.bin" not in mpremote(board, "fs", "ls")


def test_mpremote_mounts_a_folder_of_the_host(board: SimBoard, tmp_path: Path) -> None:
    (tmp_path / "greeting.py").write_text("print('from the host')\n")
    assert "from the host" in mpremote(board, "mount", str(tmp_path), "exec", "import greeting")


def test_a_program_that_touches_nothing_is_interrupted_too(board: SimBoard) -> None:
    board.control.ask("type", hex=b"\x03\x02while True: pass\r\r".hex())
    until(lambda: "while True" in board.control.state()["console"], "it is typed")
    assert mpremote(board, "eval", "6 * 7") == "42\n"


def test_a_ctrl_c_that_meets_a_start_leaves_a_prompt_that_works(tmp_path: Path) -> None:
    """In the middle of an import the VM's own signal handler left a lock taken: the prompt was there,
    and the first line typed at it waited for ever."""
    with SimBoard(tmp_path) as one:
        for number in range(12):
            port = wait_for(one.usb, PATIENCE_S)
            repl = Repl(port)
            repl.enter()
            assert repl.run("print('x' * 300)\n" * 3, PATIENCE_S).count("x") == 900
            port.close()
            one.reset()
            time.sleep(0.01 * number)


def test_a_soft_reset_is_no_reset_and_a_reset_is_the_watchdogs(board: SimBoard) -> None:
    before = board.control.state()
    mpremote(board, "soft-reset")
    after = board.control.state()
    assert after["causes"] == before["causes"]
    assert after["soft_boots"] > before["soft_boots"]
    mpremote(board, "reset")
    until(lambda: board.control.state()["boots"] > before["boots"], "the reset")
    assert mpremote(board, "exec", "import machine; print(machine.reset_cause())") == "3\n"


def test_a_prompt_does_not_hold_the_watchdog(tmp_path: Path) -> None:
    main = tmp_path / "overlay" / "main.py"
    main.parent.mkdir()
    main.write_text("import machine, time\nmachine.WDT(timeout=700)\nwhile True:\n"
                    "    machine.WDT(timeout=700).feed()\n    time.sleep_ms(50)\n")  # fmt: skip
    with SimBoard(tmp_path) as one:
        until(lambda: "watchdog" in {e["kind"] for e in one.control.events()[0]}, "it is armed")
        one.control.ask("type", hex="03")
        until(lambda: one.control.state()["causes"] == [1, 3], "the bite after Ctrl-C")


def test_a_uf2_on_the_drive_flashes_the_runtime_and_the_files_stay(tmp_path: Path) -> None:
    with SimBoard(tmp_path, runtime="1.24.1") as one:
        ask = "import sys; print(sys.implementation.version)"
        assert mpremote(one, "exec", ask) == "(1, 24, 1, '')\n"
        mpremote(one, "bootloader")
        until((one.bootsel / "INFO_UF2.TXT").exists, "the drive")
        assert "Board-ID: RPI-RP2" in (one.bootsel / "INFO_UF2.TXT").read_text()
        assert not one.usb.is_symlink()
        good = uf2.make("1.28.0")
        (one.bootsel / "half.uf2").write_bytes(good[:2048])
        (one.bootsel / "pico2.uf2").write_bytes(uf2.make("1.28.0", "rp2350"))
        (one.bootsel / "notes.uf2").write_bytes(b"no blocks at all" * 32)
        for why in (uf2.INCOMPLETE, uf2.WRONG_FAMILY, uf2.NOT_UF2):
            until(lambda why=why: why in {e.get("why") for e in one.control.events()[0]}, why)
        assert one.control.state()["mode"] == "bootsel", "the ROM says nothing and does nothing"
        (one.bootsel / "firmware.uf2").write_bytes(good)
        until(one.usb.is_symlink, "the port again")
        assert not one.bootsel.exists()
        assert mpremote(one, "exec", ask) == "(1, 28, 0, '')\n"
        assert "main.py" in mpremote(one, "fs", "ls")
        one.control.enter_bootsel()
        (one.bootsel / "blink.uf2").write_bytes(uf2.make(""))
        until(lambda: one.control.state()["runtime"] == "", "another program")
        assert one.control.state()["vm"] == 0, "a port that says nothing"


def test_an_empty_chip_starts_as_a_drive(tmp_path: Path) -> None:
    with SimBoard(tmp_path, runtime="none", flash="blank") as one:
        assert one.control.state()["mode"] == "bootsel"
        (one.bootsel / "firmware.uf2").write_bytes(uf2.make("1.27.0"))
        until(one.usb.is_symlink, "the port")
        assert mpremote(one, "exec", "import os; print(os.listdir())") == "[]\n"


@pytest.mark.parametrize("seed", range(40))
def test_no_rubbish_on_the_drive_is_taken_for_a_runtime(seed: int) -> None:
    dice = random.Random(seed)
    data = bytearray(uf2.make("1.28.0"))
    for _ in range(dice.randrange(1, 30)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    cut = bytes(data[: dice.choice([len(data), dice.randrange(len(data))])])
    got = uf2.take(cut, "rp2040")
    assert got.why or got.runtime in {"1.28.0", ""} or got.runtime.count(".") == 2
    assert uf2.take(dice.randbytes(512 * dice.randrange(1, 5)), "rp2040").why == uf2.NOT_UF2
