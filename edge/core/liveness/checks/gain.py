"""The lamps reach the face and come back from it: skin and paper return a third of them, the glass
of a screen a few percent. Under strong other light (sun) nobody answers enough: then it is
unknown, not refused, unless the face followed the lamps all the same.
"""

from __future__ import annotations

from edge.core.liveness.evidence import UNKNOWN, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = 0.06  # of the face's own light
CLEAR = 0.5  # of the correlation: below, a weak answer is no answer


def judge(seen: Evidence, limit: float) -> Finding:
    """What both lamps in white add, in parts of the face's own light."""
    found = seen.response
    if found is None:
        return Finding(0.0, UNKNOWN, reason="light_unseen")
    if found.gain < limit and found.follows >= CLEAR:
        return Finding(found.gain, UNKNOWN, reason="light_weak")
    return by_limit(found.gain, limit, "light_weak")
