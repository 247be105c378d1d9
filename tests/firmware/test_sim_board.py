"""The simulated board as a product: its command, its socket, its physics."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from edge.errors import EdgeError
from firmware import slots
from sim.board import Control, SimBoard
from sim.board.chip import flash_image, micropython

PATIENCE_S = 60  # a hang guard, not a measurement
ROOT = Path(__file__).resolve().parents[2]


def until(done: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[SimBoard]:
    with SimBoard(tmp_path / "board") as one:
        yield one


def test_one_command_serves_a_board_until_it_is_stopped(tmp_path: Path) -> None:
    link = tmp_path / "controller"
    command = [sys.executable, "-m", "sim.board", "--pty-link", str(link)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline().split() == ["pty", str(link.readlink())]
    control = Control(tmp_path / "controller.board")
    with serial.Serial(str(link), timeout=PATIENCE_S) as port:
        control.reset()
        assert port.read_until(b"\0").endswith(b"\0"), "it says that it has started"
    vm = int(control.ask("state")["vm"])
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE_S) == 0
    server.stdout.close()
    assert not link.is_symlink()
    assert not Path(f"/proc/{vm}").exists()


def test_the_flash_is_a_littlefs_with_the_firmware_and_the_key(board: SimBoard) -> None:
    image = board.directory / "flash.img"
    assert flash_image.read_file(image, "/key") == board.key
    for place, data in flash_image.board_files(board.key).items():
        assert flash_image.read_file(image, place) == data
    assert image.stat().st_mode & 0o077 == 0
    assert board.key_path.stat().st_mode & 0o077 == 0


def test_the_key_stays_over_a_stop_and_a_start(tmp_path: Path) -> None:
    with SimBoard(tmp_path) as one:
        key = one.key
    with SimBoard(tmp_path) as one:
        assert one.key == key


def test_a_flash_of_an_earlier_release_starts_with_this_one(tmp_path: Path) -> None:
    """What it left in the slot is not in the manifest, and would be imported before ours."""
    old = {"/a/firmware/duties.py": b"raise RuntimeError", "/a/firmware/main.py": b""}
    flash_image.write_files(tmp_path / "flash.img", old)
    with SimBoard(tmp_path) as one:
        until(lambda: one.control.ask("state")["boots"] >= 1, "a start")
        files = {p for p in old if flash_image.has_file(tmp_path / "flash.img", p)}
        assert not files
        assert "no slot" not in one.control.ask("state")["console"]


def test_a_duty_that_fails_is_written_down_and_the_watchdog_bites(tmp_path: Path) -> None:
    broken = tmp_path / "overlay" / "a" / "firmware" / "io" / "buzzer.py"
    broken.parent.mkdir(parents=True)
    broken.write_text(
        "class Buzzer:\n    def __init__(self, pwm):\n        pass\n"
        "    def tone(self, hz):\n        raise ValueError('stuck coil')\n"
    )
    with SimBoard(tmp_path) as one:
        until(lambda: one.control.ask("state")["causes"][-1] == 3, "the watchdog")
        assert "stuck coil" in one.control.ask("state")["console"]


def test_a_program_that_ends_leaves_a_board_that_restarts_by_its_watchdog(tmp_path: Path) -> None:
    broken = tmp_path / "overlay" / "main.py"
    broken.parent.mkdir(parents=True)
    broken.write_text(
        "import machine\nmachine.WDT(timeout=300)\nraise RuntimeError('half flashed')\n"
    )
    with SimBoard(tmp_path) as one:
        until(lambda: one.control.ask("state")["boots"] >= 3, "two bites")
        assert one.control.ask("state")["causes"][:2] == [1, 3]
        until(lambda: "half flashed" in one.control.ask("state")["console"], "its traceback")


def test_lamps_keep_their_colour_over_a_reset_and_not_over_a_loss_of_power(tmp_path: Path) -> None:
    main = tmp_path / "overlay" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text(
        "import machine, time\nif machine.reset_cause() == 1:\n"
        "    machine.bitstream(machine.Pin(2, 1), 0, (400, 850, 800, 450), bytes([9, 8, 7] * 12))\n"
        "    time.sleep_ms(200)\n    machine.reset()\nelse:\n    time.sleep(60)\n"
    )
    with SimBoard(tmp_path) as one:
        until(lambda: one.control.ask("state")["causes"] == [1, 3], "the reset")
        assert one.lamps().now == ((8, 9, 7),) * 12, "WS2812 takes green first, and holds"
        one.unplug()
        assert one.lamps().now == ((0, 0, 0),) * 12


@pytest.mark.parametrize(
    "line",
    [b"\n", b"null\n", b"[]\n", b'{"do": "dance"}\n', b"{}\n", b'{"do": "press", "button": "x"}\n',
     b'{"do": "press"}\n', b'{"do": "line", "hex": "zz"}\n', b"\xff\xfe\n"],
)  # fmt: skip
def test_the_socket_answers_nonsense_and_lives(board: SimBoard, line: bytes) -> None:
    folder = os.open(board.directory, os.O_PATH | os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE_S)
        sock.connect(f"/proc/self/fd/{folder}/control.sock")
        sock.sendall(line)
        assert b'"ok": false' in sock.recv(4096)
    os.close(folder)
    assert board.control.ask("state")["boots"] == 1


def test_asking_a_board_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="E-BRD-21"):
        Control(tmp_path).lamps()


def test_without_a_vm_the_reason_names_every_place_that_was_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "micropython"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    monkeypatch.setattr(micropython, "candidates", lambda: [tmp_path / "absent", fake])
    with pytest.raises(EdgeError, match=r"E-BRD-20.*absent: not there.*version"):
        micropython.find()


def test_the_named_vm_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEPAY_MICROPYTHON", "/opt/vm")
    assert micropython.candidates()[0] == Path("/opt/vm")


def test_a_new_program_is_left_again_when_it_never_reaches_its_host(tmp_path: Path) -> None:
    """The real boot.py, slots and VM: a trial that crashes at its start, three times."""
    with SimBoard(tmp_path) as one:
        key = one.key
    _root, program, _version = flash_image.firmware_files()
    program["firmware/start.py"] = b"raise RuntimeError('a bad release')\n"
    image = tmp_path / "flash.img"
    new = flash_image.slot_files("/b", program, "9.9.9", key)
    digest = slots.Manifest(new["/b/manifest.json"]).checked
    state = slots.pack(slots.State(slots.TRIAL, 1, 0, 0, slots.NEVER, digest), 77)
    flash_image.write_files(image, new | {"/slot0": state})
    with SimBoard(tmp_path) as one:
        until(lambda: one.control.ask("state")["boots"] >= 4, "three tries and the old one")
        assert one.control.ask("state")["console"].count("a bad release") == slots.TRIES_MAX

        def decided() -> object:
            found = [slots.unpack(flash_image.read_file(image, f"/slot{n}")) for n in (0, 1)]
            newest = max((got for got in found if got), key=lambda got: got[0])[1]
            return newest.active == 0 and newest.why == slots.UNCONFIRMED

        until(decided, "back in /a")
