"""The face follows the lamps of this visit: multiple correlation of its light with the sequence
that was drawn a moment ago. A recording, and a stream fed into the camera, answer other lamps.
"""

from __future__ import annotations

from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = 0.85
SPOOF = "light_not_followed"


def judge(seen: Evidence, limit: float) -> Finding:
    """Correlation 0..1 at the time at which the lamps were lit."""
    if seen.response is None:
        return NOTHING
    return by_limit(seen.response.follows, limit, SPOOF)
