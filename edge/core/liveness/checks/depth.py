"""The nose stands out in depth: no sheet has one, flat or bent. A mask with a nose passes. For cameras
that measure depth; where a policy demands it and there is none, it is unknown and passes nobody.
"""

from __future__ import annotations

from statistics import median

from edge.core.liveness.evidence import UNKNOWN, Evidence, Finding, by_limit

NEEDS = ""
LIMIT = 8.0  # mm; noses of adults stand out by 12 to 25
SPOOF = "depth_flat"
SHOTS_MIN = 5


def judge(seen: Evidence, limit: float) -> Finding:
    """Median of the shots, mm."""
    measured = [shot.relief_mm for shot in seen.shots if shot.relief_mm >= 0]
    if len(measured) < SHOTS_MIN:
        return Finding(0.0, UNKNOWN, reason="eye_missing")
    return by_limit(median(measured), limit, SPOOF)
