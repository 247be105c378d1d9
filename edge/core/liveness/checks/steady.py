"""One face all the time: the box never jumps, nobody else steps in, no gap."""

from __future__ import annotations

import itertools

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding
from edge.core.visit.liveness import overlap

NEEDS = ""
LIMIT = 1_000.0  # ms without a face
STEPS_MIN = 2


def judge(seen: Evidence, limit: float) -> Finding:
    """The longest time without the face, in ms."""
    faces = [s for s in seen.shots if s.problem not in ("no_face", "two_faces")]
    if len(faces) < STEPS_MIN:
        return NOTHING
    pairs = list(itertools.pairwise(faces))
    gap = float(max(two.at_mono_ms - one.at_mono_ms for one, two in pairs))
    crowd = any(
        one.problem == two.problem == "two_faces"
        for one, two in zip(seen.shots, seen.shots[1:], strict=False)
    )
    if crowd or any(not overlap(one.box, two.box) for one, two in pairs):
        return Finding(gap, FAIL, -1.0, "face_changed")
    return Finding(gap, PASS, 0.0) if gap <= limit else Finding(gap, FAIL, -1.0, "face_lost")
