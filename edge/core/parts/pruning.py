"""Old records go: only after their receipt and a reconciled day, only when nobody is served, some at
a time, and never one that somebody may still ask about.

The store keeps the chain provable from the last pruned record on; what was pruned is at the centre,
and in every export made before."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.effects import Effect, Prune
from edge.core.events import Event
from edge.core.site import Site
from edge.core.types import Json, Now

FIRST_MS: Final = 5 * 60_000  # after a boot there is something better to do
EVERY_MS: Final = 6 * 3_600_000
AGAIN_MS: Final = 1_000  # the next portion
BUSY_MS: Final = 60_000  # somebody is served: later
DAY_MS: Final = 86_400_000
# A settlement belongs to the day on which the centre decided it, and it decides nothing older than
# 72 hours: what was written so long before the end of a reconciled day is in a reconciled day.
DECIDED_MS: Final = 4 * DAY_MS
KEEP_MAX: Final = 4096  # more disputes than this: nothing is pruned until some are closed


class Pruning:
    """When the next portion is due, and how far the last one came."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._due_ms: int | None = None
        self._base_seq = 0

    def start(self, now: Now) -> list[Effect]:
        """Not at once."""
        self._due_ms = now.mono_ms + FIRST_MS
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """A Tick when it is due; the store's word about the last portion."""
        match event:
            case events.Pruned():
                self._base_seq = event.base_seq
                if event.more:
                    self._due_ms = now.mono_ms + AGAIN_MS
            case events.Tick():
                if self._due_ms is not None and now.mono_ms >= self._due_ms:
                    return self._portion(now)
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """When the next portion is due."""
        return self._due_ms

    def closed(self) -> str:
        """Never a reason to take nothing."""
        return ""

    def status(self, now: Now) -> Json:
        """How far the records are gone from here."""
        return {"pruned_seq": self._base_seq}

    def _portion(self, now: Now) -> list[Effect]:
        site = self._site
        if not site.idle:
            self._due_ms = now.mono_ms + BUSY_MS
            return []
        self._due_ms = now.mono_ms + EVERY_MS
        what = self._what(now)
        return [] if what is None else [what]

    def _what(self, now: Now) -> Prune | None:
        """How far records may go at this moment; None = nothing may."""
        site = self._site
        keep_ms = site.settings.prune_keep_days * DAY_MS
        # A clock that ran ahead must not make records old: no later than what the centre said.
        moment_ms = min(now.utc_ms, site.contact.contact_utc_ms)
        until_ms = min(site.reconciled_until_utc_ms - DECIDED_MS, moment_ms - keep_ms)
        last_seq = min(
            site.ledger.answered_seq, site.ledger.head.seq - site.settings.prune_keep_records
        )
        keep = self._keep()
        if until_ms <= 0 or last_seq <= 0 or len(keep) > KEEP_MAX:
            return None
        return Prune(until_ms, until_ms - keep_ms, last_seq, tuple(sorted(keep)))

    def _keep(self) -> set[int]:
        """Records of bills that are not finished, and of those with an open task."""
        keep = {task.seq for task in self._site.tasks.undone()}
        for state in self._site.book.active():
            keep |= {state.seq, state.cancel_seq}
        return keep - {0}
