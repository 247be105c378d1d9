"""What a check may look at, and what it says."""

from __future__ import annotations

import math
from typing import Final, Protocol

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness import response, specular
from edge.core.liveness.response import Lighting, Response
from edge.core.liveness.specular import Mirrored

PASS: Final = "pass"  # noqa: S105 - no password
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"  # not measurable: no reason to believe, none to refuse for ever


class Evidence(Struct, frozen=True):
    """One visit's look. shots: of the patient, in order. gesture: "" not asked for, "done", or why
    it failed. threshold: of the anti-spoof net, from the policy. lights_ms: from the first light to the
    end of the last, where there were lights.
    """

    shots: tuple[LookSeen, ...]
    response: Response | None = None
    gesture: str = ""
    threshold: float = 0.5
    mirrored: Mirrored | None = None
    lights_ms: tuple[float, float] | None = None


class Finding(Struct, frozen=True):
    """What one check found. value: its own measure."""

    value: float
    state: str
    reason: str = ""  # an i18n key of problem.*, where it is not a pass


class Check(Protocol):
    """What every file in `checks/` offers. The file's name is the check's name in policies and
    records; adding a file adds the check.
    """

    NEEDS: str  # "light", "gesture" or "": what must be played for it to say anything
    LIMIT: float  # where the policy names none
    # ALWAYS = True, where a file says so: its failure counts whether or not a policy demands it
    # SPOOF, where a file has it: the reason that says "this is a picture", which counts over bills
    # DOUBT, where a file has it: failing with so much or more it is asked again, under as many other lights

    def judge(self, seen: Evidence, limit: float) -> Finding:
        """Look at the evidence. Never raises: what cannot be measured is UNKNOWN."""


def lit(shots: tuple[LookSeen, ...], lighting: Lighting, threshold: float) -> Evidence:
    """The evidence of a look under lamps."""
    found, lights_ms = response.answer(shots, lighting), (lighting.lit_ms[0], lighting.end_ms)
    if found is None:
        return Evidence(shots, threshold=threshold, lights_ms=lights_ms)
    mirrored, answered = specular.measure(found, lighting), response.of(found, lighting)
    return Evidence(shots, answered, threshold=threshold, mirrored=mirrored, lights_ms=lights_ms)


def by_limit(value: float, limit: float, reason: str) -> Finding:
    """Pass from `limit` on; what is no number fails."""
    if not math.isfinite(value):
        return Finding(0.0, FAIL, reason)
    return Finding(value, PASS) if value >= limit else Finding(value, FAIL, reason)


NOTHING: Final = Finding(0.0, UNKNOWN)
