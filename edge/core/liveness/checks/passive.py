"""The anti-spoof net over the clip: the mean of five shots or more. Weak alone (README
"What is not").
"""

from __future__ import annotations

from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = ""
LIMIT = 0.0  # the policy's liveness_threshold counts where no limit is named
SPOOF = "spoof_score"
SHOTS_MIN = 5
SHOTS_MAX = 40


def judge(seen: Evidence, limit: float) -> Finding:
    """Mean probability 0..1."""
    return of_mean([shot.live for shot in seen.shots], limit or seen.threshold)


def of_mean(told: list[float], limit: float) -> Finding:
    """What a net said of a clip, -1 where it said nothing."""
    lives = [live for live in told if live >= 0][-SHOTS_MAX:]
    if len(lives) < SHOTS_MIN:
        return NOTHING
    return by_limit(sum(lives) / len(lives), limit, SPOOF)
