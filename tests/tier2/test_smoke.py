"""The smoke set of tier 2: the firmware's own files under the real runtime on an emulated RP2040, spoken
to by the terminal's real driver. In this order, because each start costs a minute."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.core.events import BoardUp, CardRead, Pressed, Witnessed
from edge.core.types import Head
from edge.wire import frame
from firmware.boards import pico as wiring
from firmware.duties import lamps as player
from tests.tier2.host import PATIENCE_S

pytestmark = [pytest.mark.tier2, pytest.mark.timeout(3 * PATIENCE_S)]

PWRON_RESET, WDT_RESET = 1, 3
HEAD = Head(epoch=1, seq=41, hash=bytes(range(32)))
LATE_MS = 40  # a change of light: one round of the loop is 10 ms, of which a slow one is a few
FREE_MIN = 64 * 1024
COUNTING = Path(__file__).with_name("counting.py")


def half_lit(left: tuple[int, int, int], right: tuple[int, int, int]) -> list[list[int]]:
    lamps = range(wiring.RING_LEDS)
    return [list(left if lamp in wiring.RING_LEFT else right) for lamp in lamps]


def test_the_real_runtime_greets_the_real_driver(rig) -> None:
    up = rig.up()
    assert up.info["board"] == "pico"
    assert up.info["build"] == rig.board.build
    assert up.info["reset_cause"] == PWRON_RESET
    assert set(up.info["caps"]) == set(frame.CAPS), "every duty"
    print(f"\nlink up {rig.board.now_ms()} ms after power-on: {up.info}")


def test_a_press_of_a_real_pin_is_heard_once(rig) -> None:
    rig.up()
    before = len(rig.host.events)
    rig.board.control.press("face", ms=100)
    assert rig.host.wait(Pressed, before).button == "face"
    rig.sleep(150)
    assert [e for e in rig.host.events[before:] if isinstance(e, Pressed)] == [Pressed("face")]


def test_a_line_of_the_reader_is_a_card(rig) -> None:
    rig.up()
    before = len(rig.host.events)
    rig.board.control.present_card("SZ2026112500042", "03")
    assert rig.host.wait(CardRead, before) == CardRead("SZ2026112500042", "03")


def test_the_bits_on_the_pin_of_the_ring_are_the_pattern(rig) -> None:
    """WS2812 symbols as the pin makes them, decoded by their duty cycle."""
    rig.up()
    shown = len(rig.board.control.ask("lamps")["history"])
    rig.host.light("left")
    history: list = []

    def three() -> bool:
        history[:] = rig.board.control.ask("lamps")["history"][shown:]
        return len(history) >= 3

    rig.until(three, "amber, dark, amber on the left half")
    rig.host.light("off")
    amber, dark = half_lit(player.AMBER, player.OFF), half_lit(player.OFF, player.OFF)
    assert [ring for _at, ring in history[:3]] == [amber, dark, amber]
    on_ms, off_ms = ((history[i + 1][0] - history[i][0]) / 1000 for i in (0, 1))
    assert abs(on_ms - 500) <= LATE_MS
    assert abs(off_ms - 250) <= LATE_MS
    print(f"\nlit {on_ms:.1f} ms, dark {off_ms:.1f} ms")


def test_the_witness_takes_a_head(rig) -> None:
    rig.up()
    before = len(rig.host.events)
    rig.host.witness(HEAD)
    assert rig.host.wait(Witnessed, before) == Witnessed("held", HEAD)


def test_mpremote_writes_a_file_reads_it_back_and_runs_it(rig, tmp_path: Path) -> None:
    """The real tool on the real REPL. From here on the program stands still and the watchdog waits."""
    rig.up()
    probe = tmp_path / "probe.py"
    probe.write_text("import os\nprint('probe', os.uname().machine)\n" + "# " + "x" * 900 + "\n")
    back = tmp_path / "back.py"
    rig.stopped = True
    done = subprocess.run(
        [
            Path(sys.executable).parent / "mpremote", "connect", rig.board.usb.resolve(), "resume",
            "fs", "cp", probe, ":/probe.py", "+", "fs", "cp", ":/probe.py", back, "+",
            "exec", "import probe",
        ], capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert back.read_text() == probe.read_text()
    assert "probe Raspberry Pi Pico with RP2040" in done.stdout


def test_a_program_that_stands_still_is_restarted_by_the_watchdog(rig) -> None:
    """Nobody feeds it since the prompt was taken; the host meets a controller that says why."""
    rig.up()
    before = len(rig.host.events)
    if not rig.stopped:
        rig.board.usb.resolve().write_bytes(b"\x03")
    rig.until(lambda: rig.board.control.ask("state")["resets"], "the watchdog bites")
    bitten = rig.board.now_ms()
    again = rig.host.wait(BoardUp, before)
    assert rig.board.control.ask("state")["resets"] == ["timer"]
    assert again.info["reset_cause"] == WDT_RESET
    assert again.info["build"] == rig.board.build
    print(f"\nup again {rig.board.now_ms() - bitten} ms after the bite")


def test_what_the_witness_holds_survives_the_reset(rig) -> None:
    if not rig.board.control.ask("state")["resets"]:
        rig.board.control.reset()
    before = len(rig.host.events)
    rig.host.witness(None)
    assert rig.host.wait(Witnessed, before) == Witnessed("held", HEAD)


def test_the_real_heap_has_room_left(
    emulated: Callable, tmp_path_factory, record_property: Callable
) -> None:
    """`gc.mem_free()` after a collection, with a session up and every duty used; main.py says it."""
    root = Path(__file__).resolve().parents[2] / "firmware" / "main.py"
    main = COUNTING.read_bytes() + b"\n" + root.read_bytes()
    one = emulated(tmp_path_factory.mktemp("ram"), {"/main.py": main})
    one.up()
    one.host.light("left")
    one.host.witness(HEAD)
    one.board.control.present_card("SZ2026112500042", "03")
    one.host.wait(Witnessed)
    one.host.wait(CardRead)
    since = len(said(one))
    one.until(lambda: len(said(one)) >= since + 2, "two more measurements")
    measured = said(one)
    print(f"\nfree before and after a collection, in use: {measured}")
    lowest = min(after for _before, after, _used in measured)
    record_property("free_bytes", lowest)
    assert lowest >= FREE_MIN


def said(one) -> list[tuple[int, int, int]]:
    """The measurements on the console so far; a line that is half there is none."""
    lines = one.board.control.ask("state")["console"].split("\n")[:-1]
    found = [line.split()[1:] for line in lines if line.startswith("ram ")]
    return [(int(a), int(b), int(c)) for a, b, c in found]
