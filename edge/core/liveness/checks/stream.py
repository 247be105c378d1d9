"""The shots come from a camera: no two are the same (a sensor's noise never repeats), their times
rise, and there are enough a second.
"""

from __future__ import annotations

import itertools

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding

NEEDS = ""
LIMIT = 7.0  # shots a second
COUNT_MIN = 8
SAME_MAX = 1  # a driver may deliver one shot twice when a cable stutters


def judge(seen: Evidence, limit: float) -> Finding:
    """Shots a second."""
    shots = [s for s in seen.shots if s.glow]
    if len(shots) < COUNT_MIN:
        return NOTHING
    same = len(shots) - len({s.glow for s in shots})
    pairs = list(itertools.pairwise(shots))
    back = any(two.at_mono_ms <= one.at_mono_ms or two.shot <= one.shot for one, two in pairs)
    rate = 1_000 * (len(shots) - 1) / max(1, shots[-1].at_mono_ms - shots[0].at_mono_ms)
    if same > SAME_MAX or back:
        return Finding(rate, FAIL, "stream_odd")
    return Finding(rate, PASS) if rate >= limit else Finding(rate, FAIL, "stream_slow")
