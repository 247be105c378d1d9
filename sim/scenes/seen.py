"""What a run leaves: its moments in order, the step that was not met, and the outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

MOMENTS_MAX = 20_000


class Unmet(Exception):
    """What a step must see is not there: `wanted` and, in its place, `seen`."""

    def __init__(self, wanted: str, seen: str) -> None:
        super().__init__(f"wanted {wanted}; seen {seen}")
        self.wanted = wanted
        self.seen = seen


class Skipped(Exception):
    """This board cannot do it; the text says which step and why."""


class Verdict(StrEnum):
    OK = "ok"
    FAIL = "FAIL"
    SKIP = "skip"
    ERROR = "ERROR"  # of the runner or of the world around it, not of the board


class Moment(Struct, frozen=True):
    """Something that was done or seen, at microseconds of the board's time since the start. `lane`:
    step, sent, heard, event, fault; more come from the board's own trace."""

    at_us: int
    lane: str
    text: str
    tone: str = ""
    body: dict[str, Any] = {}


class Outcome(Struct, frozen=True):
    """What became of one scenario. Times: `board_ms` on the board's clock, `wall_ms` on the wall's."""

    name: str
    title: str
    area: str
    path: str
    seed: int
    verdict: Verdict
    board_ms: int = 0
    wall_ms: int = 0
    line: int = 0
    step: str = ""
    why: str = ""
    where: str = ""  # the folder of the run
    bundle: str = ""


class Record:
    """The moments of one run, at most MOMENTS_MAX; what comes later is counted."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.lost = 0

    def add(self, moment: Moment) -> None:
        if len(self.moments) < MOMENTS_MAX:
            self.moments.append(moment)
        else:
            self.lost += 1
