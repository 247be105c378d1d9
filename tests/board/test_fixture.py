"""The fixture `board`: the real firmware and the production link machine in the board's own time."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from edge.core.events import BoardLost, BoardUp, CardRead, Lit, Pressed
from edge.wire.cable import challenge_text
from firmware.boards import sim as wiring
from sim.board.pytest_plugin import Bench, Unmet

TICKS_WRAP_MS = 1 << 30
RING_US = 2_000  # between the report and the ring


def test_a_press_and_a_card_reach_the_terminal_in_virtual_time(board: Bench) -> None:
    board.link_up()
    board.press("face")
    assert bytes.fromhex(board.expect_frame("pressed")["payload"]) == b"face"
    board.present_card("A1234567")
    assert board.expect_frame("card")["secret"], "a card number is not readable on the cable"
    board.run(100)
    kinds = [type(event) for event in board.terminal.events]
    assert [k for k in kinds if k in {BoardUp, Pressed, CardRead}] == [BoardUp, Pressed, CardRead]


def test_a_challenge_says_when_the_ring_did_it(board: Bench) -> None:
    """By the board's own clock, so that no busy machine moves it."""
    board.link_up()
    since = len(board.control.lamps().history)
    board.command("challenge", challenge_text(513, 150, ["red", "green", "blue", "white"]))
    done = lambda: any(isinstance(event, Lit) for event in board.terminal.events)  # noqa: E731
    assert board.terminal.run(3_000, done)
    told = next(event for event in board.terminal.events if isinstance(event, Lit))
    lit = [at for at, ring in board.control.lamps().history[since:] if any(ring[0])]
    real = [at - lit[0] for at in lit]
    assert len(real) == len(told.at_us) == 4
    assert max(abs(one - said) for one, said in zip(real, told.at_us, strict=True)) < RING_US


def test_light_is_read_in_linear_units_as_a_camera_would(board: Bench) -> None:
    board.link_up()
    board.command("light", "white")
    at = board.expect_light((1.0, 1.0, 1.0)).at_us
    board.command("light", "left")
    board.run(100)
    seen = board.control.light()
    assert seen.right == (0.0, 0.0, 0.0)
    assert seen.left[0] == 1.0
    assert board.control.light(at).ring == (1.0, 1.0, 1.0), "what was can be asked for"


def test_an_expectation_that_is_not_met_says_the_seed_and_where_the_trace_is(board: Bench) -> None:
    with pytest.raises(Unmet, match=r"a pressed frame up within 100 ms; seed 1; trace .*jsonl"):
        board.expect_frame("pressed", within_ms=100)
    lines = board.sim.trace_path.read_text().splitlines()
    assert json.loads(lines[0])["kind"] == "reset"


@pytest.mark.board(first_ticks_ms=TICKS_WRAP_MS - 3000)
def test_the_firmware_lives_through_the_wrap_of_its_ticks(board: Bench) -> None:
    board.link_up()
    board.run(6000)
    board.press("qr")
    board.expect_frame("pressed")
    assert board.control.state()["causes"] == [1]
    assert board.terminal.state == "up"


def test_a_silent_terminal_finds_the_lamps_off_after_three_seconds(board: Bench) -> None:
    board.link_up()
    board.command("light", "white")
    board.expect_light((1.0, 1.0, 1.0))
    at = board.control.advance(10_000, ("ring",)).now_us - board.terminal.now_us
    assert board.control.light().ring == (0.0, 0.0, 0.0)
    assert 2_500_000 <= at <= 3_100_000


def test_a_hung_cpu_is_restarted_by_its_watchdog_and_the_link_comes_back(board: Bench) -> None:
    board.link_up()
    board.control.freeze()
    assert board.expect_event("reset", within_ms=wiring.WATCHDOG_MS + 200)["cause"] == 3
    assert board.terminal.run(5000, lambda: board.terminal.state == "up")


@pytest.mark.parametrize(
    "fault",
    [
        lambda b: b.control.noise(drop=0.003, garble=0.003, duplicate=0.003, seed=3),
        lambda b: b.control.noise(delay_ms=30),
    ],
)
def test_a_bad_cable_delays_and_never_doubles(board: Bench, fault: Callable[[Bench], None]) -> None:
    board.link_up()
    fault(board)
    for _ in range(3):
        board.press("done")
        board.run(1500)
    assert [type(e) for e in board.terminal.events].count(Pressed) == 3


def test_half_a_cable_is_no_cable(board: Bench) -> None:
    board.link_up()
    board.control.mute("up")
    assert board.terminal.run(8000, lambda: board.terminal.state != "up")
    board.control.quiet()
    assert board.terminal.run(8000, lambda: board.terminal.state == "up")


def test_babble_is_counted_and_told_from_silence(board: Bench) -> None:
    board.control.mute("up")
    board.control.babble()
    board.terminal.begin()
    board.run(8000)
    assert board.terminal.state != "up"
    assert {e.code for e in board.terminal.events if isinstance(e, BoardLost)} == {"E-BRD-06"}
