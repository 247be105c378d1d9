"""The answer comes at once. Light needs nanoseconds; a screen that watches the lamps and imitates
them needs a camera's shot, a computation and a refresh: 60 ms at the very best, over 100 in use.
"""

from __future__ import annotations

from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = -30.0  # ms: minus the distance from the lamps' own time
SPOOF = "light_late"


def judge(seen: Evidence, limit: float) -> Finding:
    """Minus the delay (or lead) in ms at which the face fits the lamps best."""
    if seen.response is None:
        return NOTHING
    return by_limit(-float(abs(seen.response.lag_ms)), limit, SPOOF)
