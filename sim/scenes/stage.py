"""The stage of one run: board, host, clock, dice, and waiting with an end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from sim.board import Colour, Lamps
from sim.board.hand.port import Port
from sim.scenes.boards import Bench, Board
from sim.scenes.host import Host
from sim.scenes.line import Faults
from sim.scenes.seen import Moment, Record, Unmet

LOOK_MS = 20  # between looks at what only the control socket shows
WALL_MAX_S = 120  # of one wait, whatever the board's clock says


class Stage:
    """What the steps work with. `cursor`: how many heard frames earlier steps have used up."""

    def __init__(self, board: Board, clock: Port, seed: int, limit_s: int) -> None:
        self.board, self.clock, self.seed = board, clock, seed
        self.record = Record()
        self.dice = random.Random(seed)
        self.host: Host | None = None
        self.faults = Faults()
        self.cursor = 0
        self.tones_used = 0
        self.lamps_from = 0  # changes of the ring before the last command
        self._limit_us = limit_s * 1_000_000 * clock.patience

    # -- doing -------------------------------------------------------------------------------------
    def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """An operation on the simulated board."""
        return self.board.ask(do, **fields)

    def touch(self, by_hand: str, do: str, **fields: object) -> None:
        """An operation that a person can do at a real board."""
        if isinstance(self.board, Bench):
            self.board.by_hand(by_hand)
        else:
            self.board.ask(do, **fields)

    def lay(self, files: Mapping[str, bytes]) -> None:
        """Files into the flash, power off and on around it."""
        self.board.lay(files)

    def connect(self, key: bytes) -> Host:
        """A new host on the port; the one before falls silent."""
        self.hush()
        self.cursor = 0
        self.host = Host(key, self.clock, self.record, self.dice)
        self.host.faults = self.faults
        return self.host

    def hush(self) -> None:
        """The host falls silent and closes the port."""
        if self.host is not None:
            self.host.close()
            self.host = None

    def linked(self) -> Host:
        """The host. Unmet when no step has connected one."""
        if self.host is None:
            raise Unmet("a host on the cable", "none: the step `connect` comes first")
        return self.host

    def fault(self, text: str) -> None:
        """A mark of something that was broken on purpose."""
        self.record.add(Moment(self.clock.now_us(), "fault", text, "bad"))

    # -- waiting -----------------------------------------------------------------------------------
    def turn(self, most_ms: float) -> None:
        """Let time pass, with or without a host."""
        if self.clock.now_us() > self._limit_us:
            raise Unmet("the end of the scenario", "its limit_s is over")
        if self.host is None:
            self.clock.wait(most_ms)
        else:
            self.host.turn(most_ms)

    def run(self, ms: int) -> None:
        """So much time passes."""
        end = self.clock.now_us() + ms * 1000
        while (left := end - self.clock.now_us()) > 0:
            self.turn(min(self.clock.turn_ms, left / 1000))

    def until(
        self, done: Callable[[], object], within_ms: int, wanted: str, seen: Callable[[], str],
        every_ms: int = 0,
    ) -> None:  # fmt: skip
        """Time passes until `done`. Unmet after within_ms of the board's time (longer on the wall,
        where machines are busy)."""
        end = self.clock.now_us() + within_ms * 1000 * self.clock.patience
        wall = time.monotonic() + WALL_MAX_S
        most_ms = every_ms or self.clock.turn_ms
        while not done():
            left_ms = (end - self.clock.now_us()) / 1000
            if left_ms <= 0 or time.monotonic() > wall:
                raise Unmet(f"{wanted} within {within_ms} ms", seen())
            self.turn(min(most_ms, left_ms))

    def watch(
        self, done: Callable[[], object], within_ms: int, wanted: str, seen: Callable[[], str]
    ) -> None:
        """As `until`, for what no bytes on the cable tell: looked at every LOOK_MS."""
        self.until(done, within_ms, wanted, seen, every_ms=LOOK_MS)

    def lamps(self) -> Lamps:
        return self.board.lamps()

    def mark_lamps(self) -> None:
        """A command is about to change the ring: `expect-blink` looks at what comes behind it."""
        if not isinstance(self.board, Bench):
            self.lamps_from = len(self.lamps().history)


def shown(ring: tuple[Colour, ...]) -> str:
    """A ring in words: its colours, left half and right half apart when they differ."""
    groups = sorted({name(one) for one in ring})
    return " + ".join(groups) if groups else "no lamps"


NAMES = {
    (0, 0, 0): "dark",
    (255, 255, 255): "white",
    (255, 140, 0): "amber",
    (0, 255, 0): "green",
    (255, 0, 0): "red",
}


def name(colour: Colour) -> str:
    """A colour as scenario files say it: a name, or #rrggbb."""
    return NAMES.get(colour, "#%02x%02x%02x" % colour)  # noqa: UP031 (a tuple of three)
