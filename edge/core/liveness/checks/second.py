"""The second anti-spoof net over the clip, where there is one (`[vision] second`): the mean of five
shots or more. It refuses many people alone, so no policy of ours demands it; what it says is fused.
"""

from __future__ import annotations

from edge.core.liveness.checks.passive import of_mean
from edge.core.liveness.evidence import Evidence, Finding

NEEDS = ""
LIMIT = 0.5
SPOOF = "spoof_score"


def judge(seen: Evidence, limit: float) -> Finding:
    """Mean probability 0..1."""
    return of_mean([shot.live2 for shot in seen.shots], limit)
