"""The second anti-spoof net over the clip, where there is one (`[vision] second`): the mean of five
shots or more. It refuses many people alone, so no policy of ours demands it; what it says is fused.
"""

from __future__ import annotations

from edge.core.liveness.checks.passive import SHOTS_MAX, SHOTS_MIN
from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = ""
LIMIT = 0.5


def judge(seen: Evidence, limit: float) -> Finding:
    """Mean probability 0..1."""
    lives = [shot.live2 for shot in seen.shots if shot.live2 >= 0][-SHOTS_MAX:]
    if len(lives) < SHOTS_MIN:
        return NOTHING
    return by_limit(sum(lives) / len(lives), limit, "spoof_score")
