"""When the centre was heard last: the broker alone proves nothing."""

from __future__ import annotations

import time

from edge.field.checks import OK, SKIP, WARN, Ask, Finding

NAME, AT = "centre", 80
QUIET_WARN_H = 1.0


def check(ask: Ask) -> list[Finding]:
    """Only the running agent knows."""
    if ask.told is None:
        return [Finding(NAME, SKIP, "the agent does not run: nobody listens to the centre")]
    link = ask.told["link"]
    if not link["heard_utc_ms"]:
        return [Finding(NAME, WARN, "has not said a word since the start", str(link["code"] or ""), "facepay sync --now")]
    quiet_h = (time.time_ns() // 1_000_000 - int(link["heard_utc_ms"])) / 3_600_000
    waiting = int(ask.told["waiting"])
    state = WARN if quiet_h > QUIET_WARN_H and waiting else OK
    text = f"heard {quiet_h * 60:.0f} minutes ago, {waiting} records wait for it"
    return [Finding(NAME, state, text, "", "facepay sync --now says why" if state != OK else "")]
