"""What time it is, and how wrong that may be: the kernel's word, or the centre's signed notes.

A reply of the centre to a question of ours is a *time note*: it was signed after the question left
and before the reply came, so at its arrival the true time lies in [centre_ms, centre_ms + round
trip] (Cristian). Two such spans are intersected (Marzullo); between notes the span widens with the
drift of the monotonic clock. Only a reply to an open question of ours is a note, and once: one that
was held back has a long round trip and so says little, one that is played again has no question. A
word of the centre that answers no question (a cumulative answer) proves only that its moment has
passed: it may widen the span, never narrow it.

From the first note of a boot on the time runs on the monotonic clock, and whoever turns the wall
clock moves nothing. Pure.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core import events
from edge.core.effects import Ask, Effect
from edge.core.events import Event
from edge.core.types import Json, Now

# The kernel may slew CLOCK_MONOTONIC by 500 ppm (adjtimex MAXFREQ) while NTP corrects it; a bare
# crystal is better than 100. In a day: 43 s.
DRIFT_PPM: Final = 500
UNKNOWN_ERROR_MS: Final = 86_400_000  # nobody set this clock: a day is the bound we dare to name
ASKED_MAX: Final = 64  # questions whose reply may still be a note
ROUND_TRIP_MAX_MS: Final = 300_000  # a reply that took longer says too little about the time


class Span(Struct, frozen=True):
    """At `mono_ms` the true time was within [low_ms, high_ms]."""

    low_ms: int
    high_ms: int
    mono_ms: int

    def at(self, mono_ms: int) -> Span:
        """The same span later, wider by the drift."""
        passed_ms = max(0, mono_ms - self.mono_ms)
        drift_ms = _drift_ms(passed_ms)
        return Span(self.low_ms + passed_ms - drift_ms, self.high_ms + passed_ms + drift_ms, mono_ms)

    @property
    def error_ms(self) -> int:
        """Half its width, at least 1."""
        return max(1, (self.high_ms - self.low_ms + 1) // 2)


def _drift_ms(passed_ms: int) -> int:
    """What the monotonic clock may be out after so long; rounded up, and 1 for its own rounding."""
    return -(-passed_ms * DRIFT_PPM // 1_000_000) + (1 if passed_ms else 0)


class Clock:
    """The terminal's own idea of the time; implements `parts.Part`."""

    def __init__(self) -> None:
        self._asked: dict[bytes, int] = {}  # open questions of this boot: when the first was sent
        self._span: Span | None = None
        self._noted_ms: int | None = None  # monotonic moment of the last note

    # -- what the terminal asks --------------------------------------------------------------------
    def corrected(self, raw: Now) -> Now:
        """The reading of the two clocks as everything else shall see it."""
        if self._span is None:
            return raw
        span = self._span.at(raw.mono_ms)
        inside = span.low_ms - raw.error_ms <= raw.utc_ms <= span.high_ms + raw.error_ms
        if inside and raw.error_ms <= span.error_ms:
            return raw  # the kernel knows better, and the centre's notes do not contradict it
        return Now((span.low_ms + span.high_ms) // 2, raw.mono_ms, span.error_ms)

    def sent(self, effects: list[Effect], now: Now) -> None:
        """Questions that leave with this turn; of a repeated one the first sending counts."""
        for effect in effects:
            if isinstance(effect, Ask):
                self._asked.setdefault(effect.ask, now.mono_ms)
        while len(self._asked) > ASKED_MAX:
            del self._asked[next(iter(self._asked))]

    def noted(self, event: Event, now: Now) -> None:
        """Learn from an event. Comes before everything else in the turn, so that this very turn
        already has the better time.
        """
        match event:
            case events.Told():
                began_ms = self._asked.pop(event.ask, None)
                if began_ms is not None and event.centre_ms:
                    self._note(event.centre_ms, began_ms, now.mono_ms)
            case events.Answered():
                self._passed(event.answer.centre_utc_ms, now.mono_ms)
            case _:
                pass

    def state(self, raw: Now) -> Json:
        """For /v1/status and whoever looks for the reason of a strange time."""
        now = self.corrected(raw)
        kernel = "kernel" if raw.error_ms < UNKNOWN_ERROR_MS else "none"
        noted_ms = self._noted_ms
        return {
            "source": "centre" if now is not raw else kernel,
            "utc_ms": now.utc_ms,
            "offset_ms": now.utc_ms - raw.utc_ms,
            "error_ms": now.error_ms,
            "since_ms": None if noted_ms is None else max(0, raw.mono_ms - noted_ms),
        }

    # -- the two kinds of words --------------------------------------------------------------------
    def _note(self, centre_ms: int, began_ms: int, mono_ms: int) -> None:
        trip_ms = mono_ms - began_ms
        if not 0 <= trip_ms <= ROUND_TRIP_MAX_MS:
            return
        new = Span(centre_ms, centre_ms + trip_ms + _drift_ms(trip_ms), mono_ms)
        if self._span is not None:
            old = self._span.at(mono_ms)
            low_ms, high_ms = max(old.low_ms, new.low_ms), min(old.high_ms, new.high_ms)
            if low_ms <= high_ms:  # else: a clock drifts more than it may, and the newest word counts
                new = Span(low_ms, high_ms, mono_ms)
        self._span, self._noted_ms = new, mono_ms

    def _passed(self, centre_ms: int, mono_ms: int) -> None:
        """The centre said this some time ago: the true time is not before it."""
        if self._span is None:
            return
        span = self._span.at(mono_ms)
        if centre_ms > span.high_ms:  # never narrower, and never back
            self._span = Span(span.low_ms, centre_ms, mono_ms)
