"""When to try the broker again: spread after a loss, full jitter after a failure, reset only after
calm.

Measured with 19,600 TLS terminals (research/MQTT §4): without a spread first attempt the fleet does
not come back in 240 s; with it all are back in 60 s and no handshake fails."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from edge.core.types import Dice, Settings

LEAVE_WAIT_MS = 5_000  # how long a clean goodbye may take before we count the link as lost
ANSWER_WAIT_MS = 120_000  # an attempt that reports nothing (handshake time-out is 30 s) is given up
DOUBLINGS_MAX = 16  # base << 16 is beyond every cap; keeps the shift small


class Timing(Struct, frozen=True):
    """How patient the link is. The defaults are the fleet's; a demo makes them small."""

    spread_ms: int = 60_000  # the first attempt after a loss lies somewhere in this span
    base_ms: int = 2_000
    cap_ms: int = 300_000
    stable_ms: int = 30_000  # a link that held this long resets the back-off
    quiet_ms: int = 30_000  # no answer for this long (or 4 x RTT): send again


def timing_of(settings: Settings) -> Timing:
    """The part of the settings that concerns the link."""
    return Timing(
        spread_ms=settings.reconnect_spread_ms,
        base_ms=settings.reconnect_base_ms,
        cap_ms=settings.reconnect_cap_ms,
        stable_ms=settings.reconnect_stable_ms,
        quiet_ms=settings.answer_quiet_ms,
    )


class Link(StrEnum):
    """Where the link stands."""

    OFF = "off"  # before the start and after the stop
    WAITING = "waiting"  # for the drawn moment of the next attempt
    TRYING = "trying"
    UP = "up"
    LEAVING = "leaving"  # we asked for the goodbye; another attempt follows


class Sign(StrEnum):
    """What the machine reacts to."""

    START = "start"
    DUE = "due"  # the deadline of the state passed
    UP = "up"
    LOST = "lost"
    HURRY = "hurry"  # somebody asks for it now
    DROP = "drop"  # the link is up in name only: leave it and come again
    STOP = "stop"


class Act(StrEnum):
    """What a transition makes us do."""

    NOTHING = "nothing"
    ATTEMPT = "attempt"  # -> Connect
    GREET = "greet"  # the link is usable now
    SPREAD = "spread"  # draw the wait after a loss
    JITTER = "jitter"  # draw the wait after a failed attempt
    LEAVE = "leave"  # -> Disconnect


# Every pair is listed (tests/core/test_reconnect.py proves it): a late or doubled report of the
# driver is normal.
TABLE: dict[tuple[Link, Sign], tuple[Link, Act]] = {
    (Link.OFF, Sign.START): (Link.TRYING, Act.ATTEMPT),
    (Link.OFF, Sign.DUE): (Link.OFF, Act.NOTHING),
    (Link.OFF, Sign.UP): (Link.OFF, Act.LEAVE),  # an attempt that came through after the stop
    (Link.OFF, Sign.LOST): (Link.OFF, Act.NOTHING),
    (Link.OFF, Sign.DROP): (Link.OFF, Act.NOTHING),
    (Link.OFF, Sign.HURRY): (Link.OFF, Act.NOTHING),
    (Link.OFF, Sign.STOP): (Link.OFF, Act.NOTHING),
    (Link.WAITING, Sign.START): (Link.WAITING, Act.NOTHING),
    (Link.WAITING, Sign.DUE): (Link.TRYING, Act.ATTEMPT),
    (Link.WAITING, Sign.UP): (Link.UP, Act.GREET),  # reported after we had given the attempt up
    (Link.WAITING, Sign.LOST): (Link.WAITING, Act.NOTHING),
    (Link.WAITING, Sign.DROP): (Link.WAITING, Act.NOTHING),
    (Link.WAITING, Sign.HURRY): (Link.TRYING, Act.ATTEMPT),
    (Link.WAITING, Sign.STOP): (Link.OFF, Act.LEAVE),
    (Link.TRYING, Sign.START): (Link.TRYING, Act.NOTHING),
    (Link.TRYING, Sign.DUE): (Link.LEAVING, Act.LEAVE),
    (Link.TRYING, Sign.UP): (Link.UP, Act.GREET),
    (Link.TRYING, Sign.LOST): (Link.WAITING, Act.JITTER),
    (Link.TRYING, Sign.DROP): (Link.TRYING, Act.NOTHING),
    (Link.TRYING, Sign.HURRY): (Link.TRYING, Act.NOTHING),
    (Link.TRYING, Sign.STOP): (Link.OFF, Act.LEAVE),
    (Link.UP, Sign.START): (Link.UP, Act.NOTHING),
    (Link.UP, Sign.DUE): (Link.UP, Act.NOTHING),
    (Link.UP, Sign.UP): (Link.UP, Act.GREET),  # a new session without a reported loss
    (Link.UP, Sign.LOST): (Link.WAITING, Act.SPREAD),
    (Link.UP, Sign.DROP): (Link.LEAVING, Act.LEAVE),
    (Link.UP, Sign.HURRY): (Link.UP, Act.NOTHING),
    (Link.UP, Sign.STOP): (Link.OFF, Act.LEAVE),
    (Link.LEAVING, Sign.START): (Link.LEAVING, Act.NOTHING),
    (Link.LEAVING, Sign.DUE): (Link.WAITING, Act.JITTER),
    (Link.LEAVING, Sign.UP): (Link.LEAVING, Act.LEAVE),
    (Link.LEAVING, Sign.LOST): (Link.WAITING, Act.JITTER),
    (Link.LEAVING, Sign.DROP): (Link.LEAVING, Act.NOTHING),
    (Link.LEAVING, Sign.HURRY): (Link.LEAVING, Act.NOTHING),
    (Link.LEAVING, Sign.STOP): (Link.OFF, Act.LEAVE),
}


class Reconnect:
    """The link's machine. `step` returns what to do; `deadline()` is when to step with `Sign.DUE`
    (mono ms)."""

    def __init__(self, dice: Dice, timing: Timing) -> None:
        assert timing.spread_ms >= 0, timing
        assert 0 < timing.base_ms <= timing.cap_ms, timing
        self._dice = dice
        self._timing = timing
        self._doublings = 0
        self._due_ms: int | None = None
        self._up_since_ms = 0
        self.announced_spread_ms = 0  # from the centre's credit
        self.state = Link.OFF

    @property
    def up(self) -> bool:
        return self.state is Link.UP

    def deadline(self) -> int | None:
        """When the state ends by itself, in ms since boot, or None."""
        return self._due_ms

    def step(self, sign: Sign, now_ms: int, *, refused: bool = False) -> Act:
        """One transition. `refused`: the broker said no, so hurry would not help."""
        if sign is Sign.DUE and (self._due_ms is None or now_ms < self._due_ms):
            return Act.NOTHING
        if sign is Sign.HURRY:
            self._doublings = 0
        was = self.state
        self.state, act = TABLE[was, sign]
        if self.state is not was or act is not Act.NOTHING:
            self._enter(act, now_ms, refused=refused)
        return act

    def _enter(self, act: Act, now_ms: int, *, refused: bool) -> None:
        self._due_ms = None
        if act is Act.GREET:
            self._up_since_ms = now_ms
        elif act is Act.ATTEMPT:
            self._due_ms = now_ms + ANSWER_WAIT_MS
        elif act is Act.LEAVE and self.state is Link.LEAVING:
            self._due_ms = now_ms + LEAVE_WAIT_MS
        elif act is Act.SPREAD:
            if now_ms - self._up_since_ms >= self._timing.stable_ms:
                self._doublings = 0
            span = max(self._timing.spread_ms, self.announced_spread_ms)
            self._due_ms = now_ms + self._draw(max(span, self._backoff(refused=refused)))
        elif act is Act.JITTER:
            self._due_ms = now_ms + self._draw(self._backoff(refused=refused))

    def _backoff(self, *, refused: bool) -> int:
        span = self._timing.base_ms << self._doublings
        self._doublings = min(self._doublings + 1, DOUBLINGS_MAX)
        return self._timing.cap_ms if refused else min(span, self._timing.cap_ms)

    def _draw(self, span_ms: int) -> int:
        """Full jitter: anywhere from now to the end of the span (AWS: exponential backoff and
        jitter)."""
        return self._dice.below(span_ms + 1)
