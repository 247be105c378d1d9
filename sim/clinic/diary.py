"""The diary of a day: who did what when, on which lane. Written by the clinic while it runs, drawn by `sim.clinic.lanes`."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from msgspec import Struct, to_builtins

LANES = ("patients", "visit", "link", "outbox", "centre", "faults")
ENTRIES_MAX = 20_000


class Span(Struct):
    """Something that lasted. Seconds since the diary began; `end_s` None while it goes on."""

    lane: str
    start_s: float
    end_s: float | None
    label: str
    tone: str = "plain"  # plain good warn bad dim
    detail: str = ""


class Mark(Struct, frozen=True):
    """Something that happened at one moment."""

    lane: str
    at_s: float
    label: str
    tone: str = "plain"
    detail: str = ""


class Level(Struct, frozen=True):
    """A number that changed (records waiting in the outbox)."""

    lane: str
    at_s: float
    value: int


class Diary:
    """Collects spans, marks and levels from any thread; `open` closes the lane's earlier span."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._began_utc_ms = time.time() * 1000
        self._lock = threading.Lock()
        self._open: dict[str, Span] = {}
        self.spans: list[Span] = []
        self.marks: list[Mark] = []
        self.levels: list[Level] = []

    def now_s(self) -> float:
        return time.monotonic() - self._began

    def open(self, lane: str, label: str, tone: str = "plain", detail: str = "") -> None:
        """Begin a span; whatever was open on the lane ends here."""
        assert lane in LANES, lane
        with self._lock:
            self._end(lane)
            if len(self.spans) < ENTRIES_MAX:
                span = Span(lane, self.now_s(), None, label, tone, detail)
                self._open[lane] = span
                self.spans.append(span)

    def close(self, lane: str) -> None:
        with self._lock:
            self._end(lane)

    def _end(self, lane: str) -> None:
        span = self._open.pop(lane, None)
        if span is not None:
            span.end_s = self.now_s()

    def mark(self, lane: str, label: str, tone: str = "plain", detail: str = "") -> None:
        assert lane in LANES, lane
        with self._lock:
            if len(self.marks) < ENTRIES_MAX:
                self.marks.append(Mark(lane, self.now_s(), label, tone, detail))

    def level(self, lane: str, value: int) -> None:
        with self._lock:
            last = next((x for x in reversed(self.levels) if x.lane == lane), None)
            if (last is None or last.value != value) and len(self.levels) < ENTRIES_MAX:
                self.levels.append(Level(lane, self.now_s(), value))

    def mark_at(self, lane: str, at_utc_ms: int, label: str, tone: str, detail: str = "") -> None:
        """Something that another process dated by the wall clock."""
        at_s = max(0.0, (at_utc_ms - self._began_utc_ms) / 1000)
        with self._lock:
            self.marks.append(Mark(lane, at_s, label, tone, detail))

    def finish(self) -> None:
        """End everything that is still open, so that it can be drawn."""
        with self._lock:
            for lane in list(self._open):
                self._end(lane)

    def save(self, path: Path) -> None:
        """Leave the raw diary beside the picture, for those who want to count themselves."""
        data = {"spans": self.spans, "marks": self.marks, "levels": self.levels}
        path.write_text(json.dumps(to_builtins(data), ensure_ascii=False, indent=1))
