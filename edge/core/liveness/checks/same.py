"""The same person from the first shot to the last, by the face's embedding: whoever answers the
lights or makes the gestures is the one who is then looked for. A swap in the middle ends the try
whether or not a policy demands this check.

Where it is demanded, too few measured faces pass nothing, and neither do lights of which a long part
was answered by a face that was not measured: that may have been anybody's.
"""

from __future__ import annotations

import itertools
import math
import struct

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, UNKNOWN, Evidence, Finding

NEEDS = ""
ALWAYS = True
LIMIT = 0.45  # cosine; shots of one visit are alike by far more, strangers by less
MEASURED_MIN = 2
UNMEASURED_MS = 1_200  # of the lights, in a row; of good shots every fifth is measured, so a third of a second is usual
NUMBER_BYTES = 4


def judge(seen: Evidence, limit: float) -> Finding:
    """The least cosine of a measured shot with the first."""
    faces = [shot.face for shot in seen.shots if shot.face]
    if len(faces) < MEASURED_MIN:
        return NOTHING
    least = min(alike(faces[0], face) for face in faces[1:])
    if least < limit:
        return Finding(least, FAIL, "face_changed")
    return Finding(least, PASS if _unmeasured_ms(seen) <= UNMEASURED_MS else UNKNOWN)


def _unmeasured_ms(seen: Evidence) -> float:
    """How long the lights were answered by a face that was not measured, at most in a row."""
    if seen.lights_ms is None:
        return 0.0
    begin, end = seen.lights_ms
    measured = [shot.at_mono_ms for shot in seen.shots if shot.face and begin <= shot.at_mono_ms <= end]
    return max(two - one for one, two in itertools.pairwise((begin, *measured, end)))


def alike(one: bytes, other: bytes) -> float:
    """Cosine of two templates; -1 where they are none of one kind."""
    if not one or len(one) != len(other) or len(one) % NUMBER_BYTES:
        return -1.0
    form = f"<{len(one) // NUMBER_BYTES}f"
    a, b = struct.unpack(form, one), struct.unpack(form, other)
    square = sum(v * v for v in a) * sum(v * v for v in b)
    cosine = sum(v * w for v, w in zip(a, b, strict=True)) / square**0.5 if square > 0 else -1.0
    return cosine if math.isfinite(cosine) else -1.0
