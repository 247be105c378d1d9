"""The lamps stand in the eyes as points, each where its side is: living eyes have them, behind holes and
under a mask's brows too. Printed eyes have none, matt or glossy, flat or folded. Shut eyes, lamps that
are weak beside the room and the reflex of somebody's glasses say nothing: only eyes that were seen well
and stayed dark fail. That is measured and written down, and counts where a policy demands it: on people
whom no limit had seen it failed 37 of 600, some of them again and again (ADR 23).
"""

from __future__ import annotations

import math

from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence, Finding

NEEDS = "light"
LIMIT = 0.25  # of what the lamps add to the face
SPOOF = "light_flat"
SURE = 2.0  # standard errors below what was measured
DARK = 0.8  # of the limit: what stands out by less is no point
MOST = 8.0  # times what they add to the face: no eye is so bright, the lens of somebody's glasses is


def judge(seen: Evidence, limit: float) -> Finding:
    """How high the points surely stand out."""
    found = seen.mirrored
    if found is None:
        return Finding(0.0, UNKNOWN, "eyes_unseen")
    value = found.points - SURE * found.spread
    if not math.isfinite(value) or value > MOST:
        return Finding(0.0, UNKNOWN, "eyes_unseen")
    if value >= limit:
        return Finding(value, PASS)
    if found.points < DARK * limit and found.spread <= limit:
        return Finding(value, FAIL, SPOOF)
    return Finding(value, UNKNOWN, "eyes_unseen")
