"""The pytest fixture `board`: a simulated controller in virtual time, with what a test expects of it.

    pytest_plugins = ["sim.board.pytest_plugin"]

    def test_a_press_is_reported(board):
        board.link_up()
        board.press("face")
        assert bytes.fromhex(board.expect_frame("pressed")["payload"]) == b"face"

Every wait is in the board's own time, so a busy machine fails no test. A failed expectation says
the seed, what was seen, and where the trace lies. `@pytest.mark.board(seed=7, first_ticks_ms=...)`
gives the options of `facepay sim board`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.core.link_words import Command
from edge.wire.cable import Cable
from sim.board.hand.client import Light
from sim.board.hand.port import Virtual
from sim.board.hand.process import SimBoard
from sim.board.hand.terminal import Terminal

SEED = 1
WITHIN_MS = 2000.0
SHOWN_MAX = 12
CLOSE = 0.02
KEY = bytes(range(32))
Json = dict[str, Any]


class Unmet(AssertionError):
    """What was expected did not come."""


class Bench:
    """A board in virtual time and the terminal at its cable. `control` has all that can be done to
    the board."""

    def __init__(self, directory: Path, seed: int = SEED, **options: str | int | bool) -> None:
        self.seed = seed
        self.sim = SimBoard(directory, key=KEY, virtual=True, seed=seed, **options)
        self.control = self.sim.control
        dice = random.Random(f"terminal/{seed}")
        self.terminal = Terminal(Cable(KEY), Virtual(self.sim.path, self.control), dice)
        self._next = 0
        self.present_card = self.control.present_card
        self.press = self.control.press
        self.cover = self.control.cover
        self.open_case = self.control.open_case
        self.cut_at_write = self.control.cut_at_write
        self.replug = self.control.replug

    def run(self, ms: float) -> None:
        """Let time pass for board and terminal."""
        self.terminal.run(ms)

    def link_up(self, within_ms: float = WITHIN_MS) -> None:
        """The terminal greets, and both know the session."""
        self.terminal.begin()
        if not self.terminal.run(within_ms, lambda: self.terminal.state == "up"):
            raise self._unmet(f"the link up within {within_ms:g} ms")
        self.run(50)

    def command(self, kind: str, text: str) -> None:
        """The terminal tells the controller: "light" "white", "buzz" "ok", ..."""
        self.terminal.step(Command(kind, text))

    def expect(self, what: str, found: Callable[[Json], object], within_ms: float) -> Json:
        """The first event of the trace that no expectation has used, and that is so."""
        got: list[Json] = []

        def look() -> bool:
            while True:
                some, following = self.control.events(self._next)
                if not some:
                    return False
                for event in some:
                    self._next = event["n"] + 1
                    if found(event):
                        got.append(event)
                        return True
                self._next = following

        if not self.terminal.run(0, look):
            for _ in range(max(1, int(within_ms // 10))):
                if self.terminal.run(10, look):
                    break
        if not got:
            raise self._unmet(f"{what} within {within_ms:g} ms")
        return got[0]

    def forget(self) -> None:
        """What has happened so far is expected by nobody."""
        self._next = int(self.control.ask("trace")["count"])

    def expect_frame(self, kind: str, way: str = "up", within_ms: float = WITHIN_MS) -> Json:
        """A frame of this type on the cable."""
        return self.expect(
            f"a {kind} frame {way}",
            lambda e: e["kind"] == "frame" and e["way"] == way and e.get("type") == kind,
            within_ms,
        )

    def expect_event(self, kind: str, within_ms: float = WITHIN_MS) -> Json:
        """An event of this kind: reset, flash, bootsel, hung, off, ..."""
        return self.expect(f"the event {kind}", lambda e: e["kind"] == kind, within_ms)

    def expect_light(
        self, ring: tuple[float, float, float], within_ms: float = WITHIN_MS
    ) -> Light:
        """The ring as a camera sees it, in linear units, to CLOSE."""

        def shines() -> bool:
            seen = self.control.light().ring
            return all(abs(a - b) <= CLOSE for a, b in zip(seen, ring, strict=True))

        for _ in range(max(1, int(within_ms // 10))):
            if shines():
                return self.control.light()
            self.run(10)
        raise self._unmet(f"the ring at {ring}; it is at {self.control.light().ring}")

    def cut_power(self) -> None:
        """Now; `replug` brings it back."""
        self.control.unplug()

    def _unmet(self, what: str) -> Unmet:
        self.control.trace_hash()  # writes the trace out
        events, _ = self.control.events(max(0, self._next - SHOWN_MAX))
        seen = "\n  ".join(str(event) for event in events[-SHOWN_MAX:])
        place = self.sim.trace_path
        return Unmet(f"expected {what}; seed {self.seed}; trace {place}; the last seen:\n  {seen}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "board(**options): options of the simulated board")


@pytest.fixture
def board(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A running board; it has booted, and its terminal is not there yet."""
    mark = request.node.get_closest_marker("board")
    bench = Bench(tmp_path / "board", **(mark.kwargs if mark else {}))
    with bench.sim:
        bench.run(100)
        bench.forget()
        yield bench
