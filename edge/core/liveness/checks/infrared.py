"""The same face in infrared light: a screen is dark there. For cameras that have such an eye; where a
policy demands it and there is none, the check is unknown and passes nobody.
"""

from __future__ import annotations

from edge.core.liveness.evidence import UNKNOWN, Evidence, Finding, by_limit

NEEDS = ""
LIMIT = 0.6  # share of the shots in which it is seen
SPOOF = "infrared_dark"
SURE = 0.6  # how sure the detector must be
SHOTS_MIN = 5


def judge(seen: Evidence, limit: float) -> Finding:
    """Share of the measured shots, 0..1."""
    measured = [shot.infrared for shot in seen.shots if shot.infrared >= 0]
    if len(measured) < SHOTS_MIN:
        return Finding(0.0, UNKNOWN, reason="eye_missing")
    share = sum(one >= SURE for one in measured) / len(measured)
    return by_limit(share, limit, SPOOF)
