"""The watchdog that our program started cannot be stopped on an RP2040: the flasher feeds it with every
step, and leaves it behind for a script that takes its time."""

from __future__ import annotations

import time

import pytest

from edge.field.flash.look import place_of
from edge.field.flash.session import at_prompt
from sim.board import SimBoard
from sim.board.chip import micropython
from tests.field.flash.cuts import typed

pytestmark = pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")
LONGER_THAN_THE_WATCHDOG_S = 10  # which an RP2040 can be told to be 8.388 s at most
WDT_RESET = 3  # machine.reset() too ends this way on an RP2040


@pytest.fixture
def board(tmp_path):
    with SimBoard(tmp_path / "b") as one:
        for _ in range(100):
            told = typed("flash", "list", "--port", one.directory, "--pair-key", one.key_path)[1][0]
            if told["state"] == "running":
                break
        assert told["state"] == "running", told
        yield one


def resets(board: SimBoard) -> int:
    return board.control.ask("state")["causes"].count(WDT_RESET)


def test_a_long_session_at_the_prompt_keeps_its_board(board) -> None:
    with at_prompt(place_of(str(board.directory))) as session:
        assert session.facts.watched
        until = time.monotonic() + LONGER_THAN_THE_WATCHDOG_S
        while time.monotonic() < until:
            session.board.files("/a")
            time.sleep(1)
        assert not resets(board)
        for _ in range(600):  # must fail: nobody feeds it any more
            if resets(board):
                break
            time.sleep(0.1)
    assert resets(board), "it did run all the time"


def test_a_script_that_takes_longer_than_the_watchdog_ends_and_the_program_runs_again(board, tmp_path) -> None:
    script = tmp_path / "long.py"
    script.write_text(f"import time\nfor n in range({LONGER_THAN_THE_WATCHDOG_S}):\n    time.sleep(1)\nprint('ended', n)\n")
    status, told = typed("flash", "run", script, "--port", board.directory, "--timeout", "60")
    assert (status, told["boards"][0].get("output")) == (0, "ended 9\n"), told
    assert resets(board) == 2, "into the empty start and out of it"
    for _ in range(100):
        told = typed("flash", "list", "--port", board.directory, "--pair-key", board.key_path)[1][0]
        if told["state"] == "running":
            break
    assert told["state"] == "running", told
