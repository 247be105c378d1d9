"""The clock: whether somebody keeps it right, and how far it may be off."""

from __future__ import annotations

from edge.core.parts.clock import UNKNOWN_ERROR_MS
from edge.field.checks import FAIL, OK, WARN, Ask, Finding
from edge.process.clock import Clock

NAME, AT = "clock", 50
SENSELESS_BEFORE_MS = 1_735_689_600_000  # 2025-01-01: no terminal is older
FIX = "timedatectl set-ntp true; a battery for the clock, if the terminal is often without a network"


def check(ask: Ask) -> list[Finding]:
    """What the kernel knows, and what the running agent makes of it."""
    now = Clock().now()
    seen = ""
    if ask.told is not None:
        mine = ask.told["clock"]
        seen = f"; the agent takes the {mine['source']}'s time, off by {mine['error_ms']} ms at most"
    if now.utc_ms < SENSELESS_BEFORE_MS:
        return [Finding(NAME, FAIL, "the clock stands before 2025", "", FIX)]
    if now.error_ms >= UNKNOWN_ERROR_MS:
        return [Finding(NAME, WARN, f"nobody keeps the clock right: every record says so{seen}", "", FIX)]
    return [Finding(NAME, OK, f"kept right, off by {now.error_ms} ms at most{seen}")]
