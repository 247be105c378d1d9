"""One face all the time: the box never jumps, nobody else steps in, no gap."""

from __future__ import annotations

import itertools

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding
from edge.core.visit.face.liveness import CROWD_SHOTS_MAX, LOST_MS, overlap, unseen

NEEDS = ""
LIMIT = float(LOST_MS)  # ms without a face, as in the challenge
STEPS_MIN = 2


def judge(seen: Evidence, limit: float) -> Finding:
    """The longest time without the face, in ms."""
    faces = [s for s in seen.shots if s.problem != "two_faces" and not unseen(s)]
    if len(faces) < STEPS_MIN:
        return NOTHING
    pairs = list(itertools.pairwise(faces))
    gap = float(max(two.at_mono_ms - one.at_mono_ms for one, two in pairs))
    runs = itertools.groupby(seen.shots, key=lambda shot: shot.problem == "two_faces")
    crowd = any(two and len(list(run)) > CROWD_SHOTS_MAX for two, run in runs)
    if crowd or any(not overlap(one.box, two.box) for one, two in pairs):
        return Finding(gap, FAIL, "face_changed")
    return Finding(gap, PASS) if gap <= limit else Finding(gap, FAIL, "face_lost")
