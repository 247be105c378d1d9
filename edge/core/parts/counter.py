"""A witness that can only count: a number in a TPM that rises and never falls, and the ledger's own
note of how far it must have risen.

The note is durable *before* the counter is asked to rise, so the newest ledger finds the counter
where its note says, or one below it when the power went in between (then it is raised now). A
counter above the note was raised by another copy of this ledger: ours is old. Another counter, or
one that fell, is not ours: nothing is taken offline until the centre's word on our very head.

A counter wears out, so it does not rise for each record: at most once in GAP_ONLINE_MS while the
centre itself hears every record, and once in GAP_OFFLINE_MS while only the counter does. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from edge.core import events
from edge.core.effects import Count, Effect, Save
from edge.core.events import Event
from edge.core.parts.witness import BEHIND, INTRODUCED_KEY, META_SPACE, SILENT, TALLY_KEY
from edge.core.site import Site
from edge.core.types import Json, Now

GAP_OFFLINE_MS: Final = 15_000
GAP_ONLINE_MS: Final = 15 * 60_000
STUCK: Final = "E-ROL-08"  # it was asked to rise and did not


class Tally(msgspec.Struct, frozen=True):
    """Document meta/tally: the counter that vouches for this ledger, and how far it rises."""

    uid: str
    count: int


class CounterDesk:
    """Compares, adopts, lets rise; implements `parts.Part`. `close` ends an old copy."""

    def __init__(
        self, site: Site, meta: dict[str, bytes], close: Callable[[str], list[Effect]]
    ) -> None:
        self._site, self._close = site, close
        self._other = INTRODUCED_KEY in meta  # a controller vouched for this ledger
        self._code = site.witness_code  # what counts while we have nothing to say
        self._tally: Tally | None = None
        if (saved := meta.get(TALLY_KEY)) is not None:
            self._tally = msgspec.json.decode(saved, type=Tally)
            site.witness_code = SILENT
        self._seen: Tally | None = None  # the counter as it was read last
        self._vouches = self._stranger = False
        self._spoke = False
        self._asked = ""  # "make" or "rise": its answer is on the way
        self._dirty = False  # records that no rise covers
        self._rose_at: int | None = None
        self._noted_seq = self._covered_seq = 0  # the last record of the note; of the counter

    def start(self, now: Now) -> list[Effect]:
        """The counter speaks first."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """The counter, our own records, the centre's word, time."""
        match event:
            case events.Counted():
                return self._counted(event, now)
            case events.Appended():
                self._dirty = True
                return self._rise(now)
            case events.LinkLost() | events.Tick():
                return self._rise(now)
            case events.Answered():
                return self._centre_agrees(event.answer.upto_seq, now)
            case _:
                return []

    def deadline(self) -> int | None:
        """When it may rise for the records that wait for that."""
        waits = self._vouches and self._dirty and not self._asked
        return self._due() if waits else None

    def closed(self) -> str:
        """The witness's part speaks for both."""
        return ""

    def status(self, now: Now) -> Json:
        """Whether the counter vouches, where it stands, and up to which record that is."""
        state = "vouches" if self._vouches else "introduced" if self._tally else "none"
        if self._spoke and not self._vouches:
            state = self._site.witness_code or state
        count = self._seen.count if self._seen is not None else 0
        return {"counter": {"state": state, "count": count, "seq": self._covered_seq}}

    # -- what it says ------------------------------------------------------------------------------
    def _counted(self, event: events.Counted, now: Now) -> list[Effect]:
        asked, self._asked, self._spoke = self._asked, "", True
        if self._site.rolled_code:
            return []
        if event.state == "failed":
            return self._failed(event.code)
        if event.state == "empty":
            self._seen = None
            fresh = self._tally is None and self._site.ledger.head.seq == 0
            return self._make() if fresh and asked != "make" else self._strange()
        seen = self._seen = Tally(event.uid, event.count)
        if asked == "make":
            return self._adopt(now)
        kept = self._tally
        if kept is None or kept.uid != seen.uid or seen.count < kept.count - 1:
            return self._strange()
        if seen.count > kept.count:
            self._vouches = False
            return self._close(BEHIND)
        if asked == "rise" and seen.count < kept.count:
            return self._failed(STUCK)
        self._vouches, self._stranger, self._site.witness_code = True, False, ""
        if seen.count < kept.count:  # the power went between the note and the rise
            self._asked = "rise"
            return [Count("rise", kept.count)]
        self._covered_seq = self._noted_seq
        return self._rise(now)

    def _failed(self, code: str) -> list[Effect]:
        """No silent pass: nothing is taken offline until it counts again."""
        self._vouches, self._site.witness_code = False, code
        return []

    def _strange(self) -> list[Effect]:
        """Not the one we know. Where somebody's counter is, or ours should be, nothing is taken
        offline; a terminal that never had one goes on until the centre's word."""
        self._vouches, self._stranger = False, True
        known = self._tally is not None or self._seen is not None
        self._site.witness_code = SILENT if known else self._code
        return []

    def _centre_agrees(self, upto_seq: int, now: Now) -> list[Effect]:
        """Its chain is ours up to our very head: whatever counter is here may vouch from now on."""
        at_head = upto_seq == self._site.ledger.head.seq and not self._site.signing
        if not (self._stranger and at_head) or self._site.rolled_code or self._asked:
            return []
        return self._make() if self._seen is None else self._adopt(now)

    # -- what it is asked --------------------------------------------------------------------------
    def _make(self) -> list[Effect]:
        self._asked = "make"
        return [Count("make", 0)]

    def _adopt(self, now: Now) -> list[Effect]:
        """It rises at once: whatever copy of this ledger knew it before is behind it then."""
        self._vouches, self._stranger, self._dirty = True, False, True
        self._site.witness_code, self._code, self._rose_at = "", "", None
        gone = [Save(META_SPACE, INTRODUCED_KEY, None)] if self._other else []
        self._other = False
        return [*gone, *self._rise(now)]

    def _rise(self, now: Now) -> list[Effect]:
        """Note how far, durably, and then let it rise."""
        if not (self._vouches and self._dirty) or self._asked or self._site.rolled_code:
            return []
        if now.mono_ms < self._due():
            return []
        assert self._seen is not None, "it vouched, so it was read"
        self._dirty, self._rose_at, self._asked = False, now.mono_ms, "rise"
        self._noted_seq = self._site.ledger.head.seq
        self._tally = Tally(self._seen.uid, self._seen.count + 1)
        note = Save(META_SPACE, TALLY_KEY, msgspec.json.encode(self._tally))
        return [note, Count("rise", self._tally.count)]

    def _due(self) -> int:
        gap_ms = GAP_ONLINE_MS if self._site.link_up else GAP_OFFLINE_MS
        return 0 if self._rose_at is None else self._rose_at + gap_ms
