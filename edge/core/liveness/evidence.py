"""What a check may look at, and what it says."""

from __future__ import annotations

import math
from typing import Final, Protocol

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness.response import Lighting, Response, measure

PASS: Final = "pass"  # noqa: S105 - no password
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"  # not measurable: no reason to believe, none to refuse for ever
ODDS_MAX: Final = 4.0  # no check alone moves the fused odds further than e^4


class Evidence(Struct, frozen=True):
    """One visit's look. shots: of the patient, in order. gesture: "" not asked for, "done", or why
    it failed. threshold: of the anti-spoof net, from the policy.
    """

    shots: tuple[LookSeen, ...]
    lighting: Lighting | None = None
    response: Response | None = None
    gesture: str = ""
    threshold: float = 0.5


class Finding(Struct, frozen=True):
    """What one check found. value: its own measure. odds: what it adds to the fused log odds."""

    value: float
    state: str
    odds: float = 0.0
    reason: str = ""  # an i18n key of problem.*, where it is not a pass


class Check(Protocol):
    """What every file in `checks/` offers. The file's name is the check's name in policies and
    records; adding a file adds the check.
    """

    NEEDS: str  # "light", "gesture" or "": what must be played for it to say anything
    LIMIT: float  # where the policy names none

    def judge(self, seen: Evidence, limit: float) -> Finding:
        """Look at the evidence. Never raises: what cannot be measured is UNKNOWN."""


def lit(shots: tuple[LookSeen, ...], lighting: Lighting, threshold: float) -> Evidence:
    """The evidence of a look under lamps."""
    return Evidence(shots, lighting, measure(shots, lighting), threshold=threshold)


def by_limit(
    value: float, limit: float, reason: str, *, scale: float, weight: float = 1.0
) -> Finding:
    """Pass from `limit` on; the odds grow with the distance from it, `weight` per `scale`."""
    if not math.isfinite(value):
        return Finding(0.0, FAIL, -ODDS_MAX, reason)
    odds = max(-ODDS_MAX, min(ODDS_MAX, weight * (value - limit) / scale))
    passed = value >= limit
    return Finding(value, PASS if passed else FAIL, odds, "" if passed else reason)


NOTHING: Final = Finding(0.0, UNKNOWN)
