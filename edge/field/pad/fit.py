"""The odds of `edge.core.liveness.fitted`, from a labelled set: for each check a logistic curve over its
value. People and attacks count alike, and so does each species among the attacks; a small ridge keeps
a check that separates them wholly from being sure of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from edge.field.pad.judge import CLIP, Outcome

FITTABLE: Final = ("delay", "follows", "form", "gain", "passive", "second")
STEPS_MAX: Final = 60
RIDGE: Final = 0.001  # of one unit of weight, on the slope in standard deviations
CLOSE: Final = 1e-6
STEEPEST: Final = 1.0  # of a step: one presentation must not throw the curve
Point = tuple[float, float, float]  # value, 1 living or 0, weight


def fitted(outcomes: Iterable[Outcome]) -> dict[str, tuple[float, float]]:
    """Offset and slope of each check, by clips alone: a terminal judges nothing else."""
    values = defaultdict[str, dict[str, list[float]]](lambda: defaultdict(list))
    for one in outcomes:
        for name, value in one.values:
            if name in FITTABLE and one.kind == CLIP:
                values[name][one.item.attack].append(value)
    measured = (name for name in FITTABLE if any(map(any, values[name].values())))
    return {name: curve(_points(values[name])) for name in measured}


def _points(of: dict[str, list[float]]) -> list[Point]:
    species = max(1, sum(1 for attack in of if attack))
    return [
        (value, 0.0 if attack else 1.0, 0.5 / len(found) / (species if attack else 1))
        for attack, found in of.items()
        for value in found
    ]


def curve(points: list[Point]) -> tuple[float, float]:
    """Newton's steps towards the likeliest curve; (0, 0) where there is nothing to tell apart."""
    if len({living for _, living, _ in points}) < 2:  # noqa: PLR2004
        return 0.0, 0.0
    total = sum(w for _, _, w in points)
    mean = sum(v * w for v, _, w in points) / total
    wide = math.sqrt(sum(w * (v - mean) ** 2 for v, _, w in points) / total) or 1.0
    offset = slope = 0.0
    for _ in range(STEPS_MAX):
        g0, g1, h00, h01, h11 = 0.0, -RIDGE * slope, 0.0, 0.0, RIDGE
        for value, living, weight in points:
            x = (value - mean) / wide
            p = 1 / (1 + math.exp(-max(-30.0, min(30.0, offset + slope * x))))
            g0, g1 = g0 + weight * (living - p), g1 + weight * (living - p) * x
            h = weight * p * (1 - p)
            h00, h01, h11 = h00 + h, h01 + h * x, h11 + h * x * x
        size = max(h00 * h11 - h01 * h01, 1e-12)
        d0, d1 = (h11 * g0 - h01 * g1) / size, (h00 * g1 - h01 * g0) / size
        scale = min(1.0, STEEPEST / max(abs(d0), abs(d1), 1e-12))
        offset, slope = offset + scale * d0, slope + scale * d1
        if max(abs(d0), abs(d1)) < CLOSE:
            break
    return offset - slope * mean / wide, slope / wide
