"""What waits for the centre, and why: how much, how old, how long there is room for it; and whoever
wants it sent now."""

from __future__ import annotations

from typing import Final

from edge.core import events
from edge.core.effects import Effect, Reply
from edge.core.events import Event
from edge.core.site import Site
from edge.core.sync.outbox import PENDING_MAX, Outbox
from edge.core.types import Json, Now

DAY_MS: Final = 86_400_000
SPAN_MS: Final = 3_600_000  # a rate is measured over an hour at least
RECORD_DISK_FACTOR: Final = 4  # with its bill, its result and receipt; measured generously
ACCEPTED: Final = 202
# The outbox has a bound (PENDING_MAX). Nothing new is taken this much before it, so that what is
# begun still fits: one record beyond it would end the process at this and at every later start.
FULL_ROOM: Final = 2_000
FULL: Final = "E-STO-09"


class Backlog:
    """The outbox decides what is sent; this part says what that means."""

    def __init__(self, site: Site, outbox: Outbox) -> None:
        self._site = site
        self._outbox = outbox
        self._lost_code = ""
        self._refused = False
        self._heard_utc_ms = 0  # any verified word, of this boot
        self._room_bytes: int | None = None

    def start(self, _now: Now) -> list[Effect]:
        """Nothing: the outbox connects."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """The link, the disk, and who asks."""
        match event:
            case events.LinkUp():
                self._lost_code, self._refused = "", False
            case events.LinkLost(code, refused):
                self._lost_code, self._refused = code, refused
            case events.Answered() | events.Told():
                self._heard_utc_ms = now.utc_ms
            case events.Saved(room_bytes) | events.StoreLow(room_bytes):
                self._room_bytes = room_bytes
            case events.SyncAsked(call):
                return [Reply(call, ACCEPTED, self.status(now))]
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """Nothing is due here."""
        return None

    def closed(self) -> str:
        """The policy and the disk come first; a queue of registrations knows no policy's caps."""
        return FULL if self._site.waiting >= PENDING_MAX - FULL_ROOM else ""

    def status(self, now: Now) -> Json:
        """The lines `backlog` and `link` of /v1/status."""
        waiting = self._site.ledger.undecided
        oldest_ms = min((at for one in waiting if (at := _at(one.local)) > 0), default=0)
        size = self._outbox.waiting_bytes
        backlog: Json = {
            "count": len(waiting),
            "amount_fen": sum(_fen(one.local) for one in waiting),
            "oldest_utc_ms": oldest_ms,
            "bytes": size,
            "room_bytes": self._room_bytes,
            "days_left": self._days_left(size, now.utc_ms - oldest_ms) if oldest_ms else None,
        }
        link: Json = {
            "state": self._outbox.state,
            "code": self._lost_code,
            "refused": self._refused,
            "next_try_ms": self._outbox.next_try_ms(now.mono_ms),
            "heard_utc_ms": self._heard_utc_ms,
        }
        return {"backlog": backlog, "link": link}

    def _days_left(self, size: int, age_ms: int) -> int | None:
        """How long the disk holds if it goes on like this."""
        if self._room_bytes is None or size == 0:
            return None
        a_day = RECORD_DISK_FACTOR * size * DAY_MS // max(age_ms, SPAN_MS)
        return max(0, self._room_bytes) // max(a_day, 1)


def _at(local: Json) -> int:
    found = local.get("at_utc_ms", 0)
    return found if isinstance(found, int) else 0


def _fen(local: Json) -> int:
    found = local.get("amount_fen", 0)
    return found if isinstance(found, int) else 0
