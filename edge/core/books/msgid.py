"""Message ids (DOMAIN §1.1): fixmedins_code (12) + yyyyMMddHHmmss (14) + 4-digit durable counter.

The counter is saved in the same turn as the record or question that carries the id, and it never
goes back: after a power cut it goes on behind the last number that could have left.
"""

from __future__ import annotations

from typing import Final

from edge.core.effects import Save
from edge.core.types import Now, Settings
from edge.core.visit.ticket import civil

SPACE: Final = "counter"
KEY: Final = "msgid"
COUNTER_END: Final = 10_000  # four digits
TAKE_MAX: Final = 8


class Msgids:
    """The counter. `take` gives ids and the Save that must be in the same turn."""

    def __init__(self, settings: Settings, saved: bytes | None) -> None:
        self._settings = settings
        self._last = int(saved) if saved else 0

    def take(self, count: int, now: Now) -> tuple[tuple[str, ...], Save]:
        """`count` fresh ids."""
        assert 0 < count <= TAKE_MAX, count
        stamp = civil(self._settings, now.utc_ms).strftime("%Y%m%d%H%M%S")
        ids = []
        for _ in range(count):
            self._last = (self._last + 1) % COUNTER_END
            ids.append(f"{self._settings.fixmedins_code}{stamp}{self._last:04d}")
        return tuple(ids), Save(SPACE, KEY, str(self._last).encode())
