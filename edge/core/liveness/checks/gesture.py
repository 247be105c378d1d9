"""The patient did what was asked: turned, blinked (`core.visit.face.liveness`). The step-up, and the way
of those whom flashing light does not suit.
"""

from __future__ import annotations

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding

NEEDS = "gesture"
LIMIT = 1.0


def judge(seen: Evidence, limit: float) -> Finding:
    """1 when all were made."""
    if not seen.gesture:
        return NOTHING
    if seen.gesture == "done":
        return Finding(1.0, PASS if limit <= 1.0 else FAIL)
    return Finding(0.0, FAIL, seen.gesture)
