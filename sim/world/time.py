"""Time that jumps: one heap, one seed, one trace. What happened is hashed, so that two runs can be
compared."""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Callable

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
VIOLATIONS_MAX = 1_000  # kept of one run; the first one says the most
EVENTS_MAX = 50_000_000  # one run; more is a loop that feeds itself

Window = tuple[int, int]  # a clinic is open from .. to, in ms since the world began


class Timeline:
    """`now_ms` since the world began. Things at the same moment happen in the order they were asked
    for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now_ms = 0
        self.dice = random.Random(seed)
        self.counts: Counter[str] = Counter()  # faults and what else is worth a line at the end
        self.violations: list[str] = []
        self.strikes: list[tuple[int, int, str]] = []  # (number, moment, fault) of those that came
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._number = 0
        self._trace = hashlib.sha256()

    def at(self, delay_ms: int, what: Callable[[], None]) -> None:
        """Do `what` after `delay_ms`."""
        assert delay_ms >= 0, delay_ms
        self._number += 1
        assert self._number < EVENTS_MAX, "the world feeds itself"
        heapq.heappush(self._heap, (self.now_ms + delay_ms, self._number, what))

    def run(self, until_ms: int) -> None:
        """Let everything happen that is due up to `until_ms`."""
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, what = heapq.heappop(self._heap)
            what()
        self.now_ms = max(self.now_ms, until_ms)

    def note(self, text: str) -> None:
        """A line of the trace. No bytes that a fresh key or nonce changes."""
        self._trace.update(f"{self.now_ms} {text}\n".encode())

    def fault(self, name: str) -> None:
        """Something was done to the world."""
        self.counts[name] += 1
        self.note(f"fault {name}")

    def violated(self, name: str, what: str) -> None:
        """A promise was broken: `name` is that of an invariant (`sim.invariants.NAMES`)."""
        self.note(f"violation {name}: {what}")
        if len(self.violations) < VIOLATIONS_MAX:
            self.violations.append(f"{self.now_ms / HOUR_MS:.3f} h · {name}: {what}")

    def chance(self, probability: float) -> bool:
        """True with this probability; no draw when it cannot be."""
        return probability > 0 and self.dice.random() < probability

    def between(self, low_ms: int, high_ms: int) -> int:
        """A moment in this span, both ends included."""
        return self.dice.randint(low_ms, high_ms)

    @property
    def trace(self) -> str:
        """The hash of all that happened so far."""
        return self._trace.hexdigest()
