"""What a flash adds to a face: one shot before it and one with it, exposure and white balance locked.

The flash's light in parts of the own light has no skin colour, ink or exposure in it, only how the form
takes the flash and how it takes the room (Di Martino et al., arXiv 1804.06702; SpecDiff, IJCB 2020). Over
a flat or bent sheet that is a smooth function of the place; over a head it is not. How much it is not has
no limit here: none was calibrated, so it is a score and refuses nobody.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness.checks import gain
from edge.core.liveness.regions import CHANNELS, GLOW_NUMBERS, REGIONS
from edge.core.liveness.response import EPSILON, MOST, REGIONS_MIN, beyond

FLOOR: Final = 0.02  # of the mean part: a place that answers less has no logarithm worth having


class Flash(Struct, frozen=True):
    """gain: light that the flash adds, in parts of the face's own, as the check of that name means it.
    uneven: root mean square of its logarithm over the face beyond a cubic of the place; 0 where so little
    came back that it is the sensor's noise.
    """

    gain: float
    uneven: float


def measure(dark: LookSeen, lit: LookSeen) -> Flash | None:
    """The flash's part, or None where a shot has no measured face."""
    if len(dark.glow) != GLOW_NUMBERS or len(lit.glow) != GLOW_NUMBERS:
        return None
    own, both = _places(dark.glow), _places(lit.glow)
    added = (sum(both) - sum(own)) / max(sum(own), EPSILON)
    return Flash(added, _uneven(own, both) if added >= gain.LIMIT else 0.0)


def _places(glow: tuple[float, ...]) -> list[float]:
    return [max(EPSILON, sum(glow[n * CHANNELS : (n + 1) * CHANNELS])) for n in range(len(REGIONS))]


def _uneven(own: list[float], both: list[float]) -> float:
    parts = [(two - one) / one for one, two in zip(own, both, strict=True)]
    floor = FLOOR * sum(parts) / len(parts)
    told = [(n, math.log(part), 1.0) for n, part in enumerate(parts) if part > floor]
    if len(told) < REGIONS_MIN:
        return 0.0
    rests = [max(-MOST, min(MOST, rest)) for _, rest, _ in beyond(told)]
    return math.sqrt(sum(rest * rest for rest in rests) / len(rests))
