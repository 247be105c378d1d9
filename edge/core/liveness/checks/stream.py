"""The shots come from a camera: no two are the same (a sensor's noise never repeats), their times
rise, there are enough a second, and they come evenly, as a clock takes them.
"""

from __future__ import annotations

import itertools

from edge.core.events import LookSeen
from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding
from edge.core.visit.face.liveness import LOST_MS

NEEDS = ""
LIMIT = 7.0  # shots a second
COUNT_MIN = 8
SAME_MAX = 1  # a driver may deliver one shot twice when a cable stutters
GAP_MS = LOST_MS  # no shot at all for longer: nobody was followed, as when a face is away
# Times by pure chance have ln 2 = 0.69. A camera of which every second shot is dropped by chance
# has 0.5, one that halts once for half a second 0.2; bursts with a pause between come near 1.
UNEVEN_MAX = 0.75


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
    gap, uneven = pace(seen.shots)
    if rate < limit or gap > GAP_MS:
        return Finding(rate, FAIL, "stream_slow")
    return Finding(rate, PASS) if uneven <= UNEVEN_MAX else Finding(rate, FAIL, "stream_odd")


def pace(shots: tuple[LookSeen, ...]) -> tuple[int, float]:
    """The longest time between two shots, ms, and how far the times between them lie from their
    middle one, in parts of their mean. A shot that shows no face is one too.
    """
    waits = [two.at_mono_ms - one.at_mono_ms for one, two in itertools.pairwise(shots)]
    middle = sorted(waits)[len(waits) // 2]
    return max(waits), sum(abs(wait - middle) for wait in waits) / max(1, sum(waits))
