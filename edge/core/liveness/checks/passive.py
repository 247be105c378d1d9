"""The anti-spoof net over the clip: the mean of five shots or more. Weak alone (README
"What is not").
"""

from __future__ import annotations

from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = ""
LIMIT = 0.0  # the policy's liveness_threshold counts where no limit is named
SHOTS_MIN = 5
SHOTS_MAX = 40


def judge(seen: Evidence, limit: float) -> Finding:
    """Mean probability 0..1."""
    lives = [shot.live for shot in seen.shots if shot.live >= 0][-SHOTS_MAX:]
    if len(lives) < SHOTS_MIN:
        return NOTHING
    mean = sum(lives) / len(lives)
    return by_limit(mean, limit or seen.threshold, "spoof_score")
