"""Civil time at the place of care (UTC+8): it decides the benefit year, the day, the wallet's hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

CIVIL_TIME: Final = timedelta(hours=8)


def civil(at_ms: int) -> datetime:
    """Wall time at the place of care."""
    return datetime.fromtimestamp(at_ms / 1000, UTC) + CIVIL_TIME


def utc_ms(at: datetime) -> int:
    """The moment of such a wall time, UTC ms."""
    return int((at - CIVIL_TIME).timestamp() * 1000)
