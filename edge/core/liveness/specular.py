"""The points that the lamps put into living eyes. The cornea is a convex mirror of 7.8 mm: each lamp
stands in it as a point a quarter of a millimetre wide, and the two lamps' points 1.4 mm apart, the left
lamp's to the right. Ink has none, wherever it was printed dark or bright: what is painted answers the
lamps as strongly as it is bright, and both of them at the same place.

For each place of the window around an iris (`drivers.vision.light.irises`) least squares over the shots give
its own light and what the left and the right lamp add, in parts of what they add to the mean of the
face. Then a pair of points is looked for: the difference of the two lamps must have the one as a peak
and the other as a pit, and their sum both as peaks; what is merely bright, and what slid over an edge
(the places' own light and its slopes), is fitted away. Pure arithmetic.
"""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Sequence as Row
from functools import cache
from operator import mul
from statistics import median
from typing import Final

from msgspec import Struct

from edge.core.liveness.response import (
    EPSILON,
    SHOTS_MIN,
    Answer,
    Lighting,
    fit_all,
    shown,
)

EYES: Final = 2
WIDE, HIGH = 17, 13  # places of a window, a millimetre apart
PLACES: Final = WIDE * HIGH
FULL: Final = 65_535.0  # 1.0 of linear light
NUMBERS: Final = EYES * (1 + PLACES)  # of a shot, uint16 little-endian: how badly the window fits, its light
EYES_BYTES: Final = 2 * NUMBERS
UNLIKE: Final = 0.15  # of a window that fits so badly, the lid moved
UNLIKE_TIMES: Final = 2.0  # the middle misfit, where all are worse (noise)
APART: Final = 0.69  # mm of each point from their middle: lamps 8 cm beside the lens, 45 cm away
BLUR: Final = 0.85  # mm, of a point on a sensor of a pixel each mm, and of the fit of the windows
REACH: Final = 3  # places to each side of a pair's middle that are compared
FADE: Final = 2.5  # the farther ones count less
COUNTING: Final = 0.5  # of the places stand for so many: the farther ones count less, four are fitted away
ACROSS: Final = WIDE // 2 - REACH - 1  # how far from the window's middle a pair is looked for
DOWN: Final = HIGH // 2 - REACH - 1
SURE: Final = 0.02  # no eye is known better
HALVES: Final = (-0.5, 0.0, 0.5)

Height = tuple[float, float]  # and its standard error
Rows = list[list[float]]


class Mirrored(Struct, frozen=True):
    """How high the points stand out, in parts of what the lamps add to the face; spread: standard error.
    The eye that is known more surely counts more: a reflex of glasses mostly lies before one of them.
    eyes: of each (height, its standard error).
    """

    points: float
    spread: float
    eyes: tuple[Height, ...]


class _Maps(Struct, frozen=True):
    """Of one window, rows of places: own light in parts of the face's, its slopes, what the left lamp
    adds more than the right one, and what both do.
    """

    own: Rows
    slope_x: Rows
    slope_y: Rows
    apart: Rows
    both: Rows


def measure(found: Answer, lighting: Lighting) -> Mirrored | None:
    """The points in the eyes, or None where too few shots show open eyes."""
    told = [(shot, _numbers(shot.eyes)) for shot in found.used if len(shot.eyes) == EYES_BYTES]
    eyes = []
    for eye in range(EYES):
        first = eye * (1 + PLACES)
        most = _unlike([numbers[first] / FULL for _, numbers in told])
        kept = [(shot, numbers) for shot, numbers in told if numbers[first] / FULL <= most]
        if len(kept) < SHOTS_MIN:
            return None
        drives = []
        for shot, _ in kept:
            left, right = shown(lighting, shot.at_mono_ms - found.near_ms)
            drives.append((1.0, _mean(found, left), _mean(found, right)))
        columns = list(zip(*(numbers[first + 1 : first + 1 + PLACES] for _, numbers in kept), strict=True))
        eyes.append(_pair(_maps(fit_all(drives, columns), sum(found.own) / len(found.own))))
    sure = [1 / max(spread, SURE) ** 2 for _, spread in eyes]
    height, spread = (sum(map(mul, sure, told)) / sum(sure) for told in zip(*eyes, strict=True))
    return Mirrored(height, spread, tuple(eyes))


def _numbers(data: bytes) -> array[int]:
    out = array("H")
    out.frombytes(data)
    return out


def _unlike(misfits: list[float]) -> float:
    return max(UNLIKE, UNLIKE_TIMES * median(misfits)) if misfits else UNLIKE


def _mean(found: Answer, lamp: Row[float]) -> float:
    """What a lamp adds to the face, mean of the channels."""
    return sum(sum(map(mul, row, lamp)) for row in found.mix) / len(found.mix)


def _maps(fits: Rows, own: float) -> _Maps:
    def rows(values: list[float]) -> Rows:
        return [values[n : n + WIDE] for n in range(0, PLACES, WIDE)]

    base = rows([value / FULL / max(own, EPSILON) for value, _, _ in fits])
    turned = [_slopes(list(column)) for column in zip(*base, strict=True)]
    return _Maps(
        base,
        [_slopes(row) for row in base],
        [list(row) for row in zip(*turned, strict=True)],
        rows([(left - right) / FULL for _, left, right in fits]),
        rows([(left + right) / FULL for _, left, right in fits]),
    )


def _slopes(values: list[float]) -> list[float]:
    """Of a line of places; none at its ends."""
    inner = [(after - before) / 2 for before, after in zip(values, values[2:], strict=False)]
    return [0.0, *inner, 0.0]


def _pair(maps: _Maps) -> Height:
    """The best pair of points in a window."""
    whole = [
        (_height(maps, x, y, 0.0, 0.0), x, y)
        for y in range(HIGH // 2 - DOWN, HIGH // 2 + DOWN + 1)
        for x in range(WIDE // 2 - ACROSS, WIDE // 2 + ACROSS + 1)
    ]
    _, x, y = max(whole)
    return max(_height(maps, x, y, dx, dy) for dy in HALVES for dx in HALVES)


def _height(maps: _Maps, x: int, y: int, dx: float, dy: float) -> Height:
    """How high a pair with its middle at x + dx, y + dy is: the lower of its heights in the difference
    and in the sum. Own light and slopes are projected out of the pair and of what is seen.
    """
    weights, apart, both = _templates(dx, dy)
    across, down = slice(x - REACH, x + REACH + 1), range(y - REACH, y + REACH + 1)

    def cut(source: Rows) -> list[float]:
        return list(map(mul, weights, (v for row in down for v in source[row][across])))

    sheet = [cut(source) for source in (maps.own, maps.slope_x, maps.slope_y)]
    turned = _inverse([[_dot(one, other) for other in sheet] for one in sheet])
    return min(
        _stands_out(sheet, turned, template, cut(seen))
        for template, seen in ((apart, maps.apart), (both, maps.both))
    )


def _stands_out(sheet: Rows, turned: Rows, pair: list[float], seen: list[float]) -> Height:
    """How much of `pair` is in `seen` beside the columns of the sheet, and its standard error."""
    of_pair, of_seen = ([_dot(column, line) for column in sheet] for line in (pair, seen))
    pair_by, seen_by = ([_dot(row, part) for row in turned] for part in (of_pair, of_seen))
    own = max(EPSILON, _dot(pair, pair) - _dot(pair_by, of_pair))
    shared = _dot(pair, seen) - _dot(pair_by, of_seen)
    rest = max(0.0, _dot(seen, seen) - _dot(seen_by, of_seen) - shared * shared / own)
    return shared / own, math.sqrt(rest / (COUNTING * len(pair)) / own)


def _inverse(m: Rows) -> Rows:
    """Of three by three; a direction that is not in it is none in the inverse."""
    much = (m[0][0] + m[1][1] + m[2][2]) * EPSILON + EPSILON
    (a, b, c), (d, e, f), (g, h, i) = (
        [value + much * (row == n) for n, value in enumerate(m[row])] for row in range(3)
    )
    whole = (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) or EPSILON
    return [
        [(e * i - f * h) / whole, (c * h - b * i) / whole, (b * f - c * e) / whole],
        [(f * g - d * i) / whole, (a * i - c * g) / whole, (c * d - a * f) / whole],
        [(d * h - e * g) / whole, (b * g - a * h) / whole, (a * e - b * d) / whole],
    ]


def _dot(one: Row[float], other: Row[float]) -> float:
    return float(sum(map(mul, one, other)))


@cache  # of nine places
def _templates(dx: float, dy: float) -> tuple[list[float], list[float], list[float]]:
    """For the places around a pair's middle: how much each counts, the pair as it is in the difference
    of the lamps, and in their sum.
    """
    weights, apart, both = list[float](), list[float](), list[float]()
    for n, m in itertools.product(range(-REACH, REACH + 1), repeat=2):
        y, x = n - dy, m - dx
        weight = math.exp(-(x * x + y * y) / (4 * FADE**2))
        left, right = (math.exp(-((x - a) ** 2 + y * y) / (2 * BLUR**2)) for a in (APART, -APART))
        weights.append(weight)
        apart.append(weight * (left - right))
        both.append(weight * (left + right))
    return weights, apart, both
