"""Physics that remember: flash that tears and wears, power that sags, pins that stick; and time that
repeats to the byte."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import EdgeError
from sim.board import SimBoard, vcd
from sim.board.chip import flash_image
from sim.board.chip.nor import Nor
from sim.board.pytest_plugin import KEY, Bench

WRITER = (
    "import os\n"
    "with open('/new', 'w') as f:\n    f.write('new' * 900)\n"
    "os.rename('/new', '/file')\n"
    "with open('/done', 'w') as f:\n    f.write('1')\n"
)


def program(place: Path, text: str) -> None:
    main = place / "overlay" / "main.py"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text(text)


def test_two_runs_under_one_seed_leave_the_same_trace_and_another_seed_another(
    tmp_path: Path,
) -> None:
    def play(name: str, seed: int) -> tuple[str, bytes]:
        bench = Bench(tmp_path / name, seed=seed)
        with bench.sim:
            bench.link_up()
            bench.control.noise(drop=0.002, garble=0.002)
            for button in ("face", "cancel", "qr"):
                bench.press(button)
                bench.run(1000)
            bench.present_card("A1234567")
            bench.command("light", "guide")
            bench.run(2000)
            return bench.control.trace_hash(), bench.sim.trace_path.read_bytes()

    one, other, third = play("a", 5), play("b", 5), play("c", 6)
    assert one == other
    assert one[0] != third[0]
    assert one[1].count(b"\n") > 100


def test_an_advance_that_an_event_ends_ends_at_the_same_microsecond_in_every_run(
    tmp_path: Path,
) -> None:
    """And what is done to the board next finds it at the same place in its program."""

    def play(name: str) -> tuple[list[tuple[str, int]], str]:
        with SimBoard(tmp_path / name, key=KEY, virtual=True) as one:
            ends = []
            for number in range(40):
                got = one.control.advance(400, ("frame", "pin"))
                ends.append((got.why, got.now_us))
                one.control.send(bytes([number, 0]))
                if number % 8 == 0:
                    one.press("qr", 30)
            return ends, one.control.trace_hash()

    one, two = play("a"), play("b")
    assert one == two
    assert {why for why, _ in one[0]} >= {"frame", "pin"}


def test_time_may_be_cut_into_any_slices(tmp_path: Path) -> None:
    def play(name: str, slices: int) -> bytes:
        with SimBoard(tmp_path / name, key=KEY, virtual=True) as one:
            one.press("face", 333)
            for _ in range(slices):
                one.advance(6000 / slices)
            one.control.trace_hash()
            return one.trace_path.read_bytes()

    whole = play("whole", 1)
    assert whole == play("parts", 60)
    assert whole.count(b"\n") > 20


def test_a_power_cut_at_every_write_of_a_replacement_leaves_the_old_or_the_new(
    tmp_path: Path,
) -> None:
    program(tmp_path, WRITER)
    with SimBoard(tmp_path, key=KEY, virtual=True, flash="firmware") as one:
        one.control.unplug()
        image = one.directory / "flash.img"
        flash_image.write_files(image, {"/file": b"old" * 900})
        clean = image.read_bytes()
        seen, torn = set(), 0
        for n in range(1, 60):
            image.write_bytes(clean)
            one.control.cut_at_write(n)
            one.replug()
            one.advance(3000)
            cut = one.control.state()["mode"] == "off"
            torn += cut
            one.control.cut_at_write(0)
            if not cut:
                break
            one.replug()
            one.advance(1)  # the file system is mounted
            one.unplug()
            seen.add(flash_image.read_file(image, "/file"))
        assert not cut, "the last run came through"
        assert torn >= 5
        assert seen <= {b"old" * 900, b"new" * 900}
        assert len(seen) == 2


def test_flash_clears_bits_wears_out_and_remembers(tmp_path: Path) -> None:
    image = tmp_path / "flash.img"
    flash_image.write_files(image, {})
    nor = Nor(image)
    nor.erase(9)
    nor.program(9, 0, b"\xf0\xff")
    nor.program(9, 0, b"\x3c\x0f")
    with image.open("rb") as file:
        file.seek(9 * flash_image.BLOCK_BYTES)
        assert file.read(2) == b"\x30\x0f", "programming only clears bits"
    nor.wear_limit = 3
    for _ in range(3):
        nor.erase(9)
    with image.open("rb") as file:
        file.seek(9 * flash_image.BLOCK_BYTES)
        assert file.read(16) != b"\xff" * 16, "worn out"
    nor.close()
    again = Nor(image)
    assert again.erases[9] == 4
    assert again.writes == 6
    again.close()


def test_littlefs_goes_round_worn_sectors(tmp_path: Path) -> None:
    loop = (
        "import os\nos.mkdir('/d')\nfor n in range(99):\n"
        "    with open('/d/n', 'w') as f:\n        f.write(str(n) * 2000)\n"
    )
    program(tmp_path, loop)
    with SimBoard(tmp_path, virtual=True) as one:
        one.control.flash(wear_limit=2)
        one.advance(60_000)
        assert "Error" not in one.control.state()["console"]
        assert one.control.flash()["worst"] > 2, "sectors were used beyond their life"
        one.unplug()
        assert flash_image.read_file(one.directory / "flash.img", "/d/n") == b"98" * 2000


@pytest.mark.parametrize(
    ("before", "error"), [({"read_only": True}, "OSError"), ({}, "28")], ids=["read-only", "full"]
)
def test_a_flash_that_takes_nothing_is_said_to_the_program(
    tmp_path: Path, before: dict[str, bool], error: str
) -> None:
    program(tmp_path, "with open('/big', 'w') as f:\n    for n in range(1500):\n"
                      "        f.write('x' * 1024)\n")  # fmt: skip
    with SimBoard(tmp_path, virtual=True) as one:
        one.control.flash(**before)
        one.reset()
        one.advance(300_000)
        assert error in one.control.state()["console"]


def test_a_sag_is_measured_and_a_deep_one_restarts_the_chip(board: Bench) -> None:
    board.link_up()
    board.control.brownout(volts=4.0, ms=100)
    board.run(300)
    assert board.control.state()["causes"] == [1], "4 V is a low supply, no reset"
    board.control.brownout(volts=2.0, ms=30)
    assert board.expect_event("reset")["cause"] == 1
    assert board.terminal.run(8000, lambda: board.terminal.state == "up")


def test_a_stuck_button_is_one_press_and_heals(board: Bench) -> None:
    board.link_up()
    board.control.ask("stick", button="face", level=0)
    board.expect_frame("pressed")
    board.run(3000)
    board.control.ask("stick", button="face")
    board.run(100)
    board.press("face")
    board.expect_frame("pressed")
    names = [type(event).__name__ for event in board.terminal.events]
    assert names.count("Pressed") == 2


def test_the_case_and_the_sensor_are_pins_like_any(board: Bench) -> None:
    board.link_up()
    board.run(500)
    board.open_case()
    board.expect_frame("tamper")
    board.cover()
    board.expect_frame("proximity")
    names = [type(event).__name__ for event in board.terminal.events]
    assert "Tampered" in names
    assert "Nearby" in names


def test_open_drain_and_pulls_follow_the_pad(tmp_path: Path) -> None:
    program(tmp_path, (
        "from machine import Pin\n"
        "up, down = Pin(20, Pin.IN, Pin.PULL_UP), Pin(21, Pin.IN, Pin.PULL_DOWN)\n"
        "od = Pin(22, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)\n"
        "print(up(), down(), od())\nod(0)\nprint(od())\nod(1)\n"
        "import time\ntime.sleep_ms(50)\nprint(up(), down(), od())\n"))  # fmt: skip
    with SimBoard(tmp_path, virtual=True) as one:
        one.advance(20)
        for pin, level in ((20, 0), (21, 1), (22, 0)):
            one.control.ask("drive", pin=pin, level=level)
        one.advance(100)
        lines = one.control.state()["console"].split("\r\n")
        assert lines[:3] == ["1 0 1", "0", "0 1 0"]


def test_the_waveforms_name_the_pins_and_keep_the_times(board: Bench, tmp_path: Path) -> None:
    board.link_up()
    board.command("buzz", "short")
    board.run(500)
    board.control.trace_hash()
    out = tmp_path / "run.vcd"
    command = [sys.executable, "-m", "sim", "trace", str(board.sim.directory), "--vcd", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "signals" in done.stdout
    text = out.read_text()
    assert " buzzer_hz $end" in text
    assert " button_face $end" in text
    events = list(vcd.read(board.sim.trace_path))
    tones = [e["t"] for e in events if e["kind"] == "pwm" and e["duty"]]
    assert f"#{tones[0]}\n" in text


def test_a_file_that_is_no_trace_is_said_so(tmp_path: Path) -> None:
    for text in ("nonsense\n", '{"kind":"pin"}\n', "x" * 70_000, '{"kind":"pin","t":"a"}\n', "[]\n"):
        (tmp_path / "t").write_text(text)
        with pytest.raises(EdgeError, match="E-SIM-11"):
            list(vcd.read(tmp_path / "t"))
    assert vcd.write([], io.StringIO()) == 0
