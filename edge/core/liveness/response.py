"""How a face answered to known lamps: what followed them in time, and how it is shaped.

All in linear light. At one place of the face, in one channel, a camera with locked exposure sees
`own light + left * (left lamp) + right * (right lamp)`. The lamps are known, so a least-squares
fit over the shots gives the three numbers; the ratio left / right no longer has the skin's colour,
the room's light or the exposure in it, only where the surface looks (the quotient image of
photometric stereo; Aurora Guard calls it the normal cue). What a lamp of one colour does to another
channel of the sensor is fitted as well. Pure arithmetic, no numpy: some 100,000 multiplications.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence as Row
from operator import mul
from typing import Final

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness.heads import HEADS, NOISE, Heads, Twins
from edge.core.liveness.regions import CHANNELS, GLOW_NUMBERS, REGIONS, Region
from edge.core.liveness.sequence import DARK, SIDES, Sequence, Triple, lamps

USUAL: Final = 36  # shots under twelve lights; so many were there when heads were measured
SHOTS_MIN: Final = 18  # fewer than a shot and a half per light say nothing
EXPOSURE_MS: Final = 20.0  # a shot has seen the lamps for about so long before its time
LAG_MS: Final = range(-150, 401, 10)  # how late an answer is looked for
AS_WELL: Final = 1.2  # times what the best leaves unexplained
FACTS: Final = 4  # unknowns of one channel: own light and what three colours do to it
EPSILON: Final = 1e-9
STILL: Final = 1e-6  # a move of less is none
REGIONS_MIN: Final = 40  # places that answered; a sheet has ten unknowns
PAIRS_MIN: Final = 30  # twins of them; beside the usual ways, which have a line of their own each, a form has five unknowns
MOST: Final = 0.7  # of log(left / right) beyond a sheet's: more is a shadow or a place that was missed
SURER: Final = 0.25  # of the middle doubt: no place counts more than four such times as much


Shade = tuple[int, float, float]  # number of the region, log(left / right), how surely it is known


class Lighting(Struct, frozen=True):
    """The lamps as they were: each step's begin on the clock of the shots, and the end of all."""

    sequence: Sequence
    lit_ms: tuple[float, ...]
    end_ms: float

    @property
    def first(self) -> Lighting:
        """Without the lights that a doubt added (`sequence.longer`)."""
        steps, count = self.sequence.steps, len(SIDES)
        if len(steps) == count:
            return self
        sequence = Sequence(self.sequence.nonce, steps[:count], self.sequence.step_ms)
        return Lighting(sequence, self.lit_ms[:count], self.lit_ms[count])


class Response(Struct, frozen=True):
    """follows: multiple correlation 0..1 of the face with the lamps at the time they were lit.
    lag_ms: the delay at which it would fit best. gain: light that both white lamps add, in parts of
    the face's own. form: how far left / right is on the way from folded paper's (0) to a mean head's (1),
    spread: its standard error. steps: red green blue answered in each step, in parts of the own.
    """

    follows: float
    lag_ms: int
    gain: float
    form: float
    spread: float
    steps: tuple[Triple, ...]


class Answer(Struct, frozen=True):
    """What the whole face answered. mix, own: see `_follow`; near_ms: the shutter's own blur."""

    used: list[LookSeen]
    face: list[Triple]
    follows: float
    lag_ms: int
    near_ms: int
    mix: list[Triple]
    own: Triple


def measure(shots: Row[LookSeen], lighting: Lighting) -> Response | None:
    """The response, or None where too few shots show a face."""
    found = answer(shots, lighting)
    return None if found is None else of(found, lighting)


def of(found: Answer, lighting: Lighting) -> Response:
    """The response of a face that answered."""
    form, spread = form_of(_shades(found, lighting))
    gain = 2 * sum(sum(row) for row in found.mix) / max(sum(found.own), EPSILON)
    steps = _steps(found.used, found.face, lighting, found.own)
    return Response(found.follows, found.lag_ms, gain, form, spread, steps)


def shades(shots: Row[LookSeen], lighting: Lighting) -> list[Shade]:
    """How the two lamps share the light over a face, for whoever measures heads."""
    found = answer(shots, lighting)
    return _shades(found, lighting) if found is not None else []


def answer(shots: Row[LookSeen], lighting: Lighting) -> Answer | None:
    """How the face as a whole answered, or None where too few shots show one."""
    begin, end = lighting.lit_ms[0] - 2 * EXPOSURE_MS, lighting.end_ms + EXPOSURE_MS
    used = [s for s in shots if len(s.glow) == GLOW_NUMBERS and begin <= s.at_mono_ms <= end]
    if len(used) < SHOTS_MIN:
        return None
    face = [_mean(shot.glow) for shot in used]
    here, mix, own = _follow(used, face, lighting, 0)
    lags = [(_follow(used, face, lighting, lag)[0], lag) for lag in LAG_MS]
    near = max(pair for pair in lags if abs(pair[1]) <= EXPOSURE_MS)
    if near[0] > here:
        here, mix, own = _follow(used, face, lighting, near[1])
    return Answer(used, face, here, _lag(lags), near[1], mix, own)


def _lag(lags: Row[tuple[float, int]]) -> int:
    """The delay nearest to none that fits as well as the best: between two shots all fit alike."""
    rest = AS_WELL * (1 - max(lags)[0] ** 2) + EPSILON
    return min((lag for found, lag in lags if 1 - found**2 <= rest), key=abs)


def _mean(glow: tuple[float, ...]) -> Triple:
    red, green, blue = (sum(glow[c::CHANNELS]) / len(REGIONS) for c in range(CHANNELS))
    return red, green, blue


def shown(lighting: Lighting, at_ms: float) -> tuple[Triple, Triple]:
    """The mean light of the left and right lamp over the exposure that ended at `at_ms`."""
    left, right = [0.0] * CHANNELS, [0.0] * CHANNELS
    begins, steps = lighting.lit_ms, lighting.sequence.steps
    for number in range(max(0, bisect_right(begins, at_ms - EXPOSURE_MS) - 1), len(steps)):
        if begins[number] >= at_ms:
            break
        until = begins[number + 1] if number + 1 < len(steps) else lighting.end_ms
        share = (min(at_ms, until) - max(at_ms - EXPOSURE_MS, begins[number])) / EXPOSURE_MS
        if share > 0:
            for c, (one, other) in enumerate(zip(*lamps(steps[number]), strict=True)):
                left[c] += share * one
                right[c] += share * other
    return (left[0], left[1], left[2]), (right[0], right[1], right[2])


def _follow(
    used: Row[LookSeen], face: Row[Triple], lighting: Lighting, lag_ms: int
) -> tuple[float, list[Triple], Triple]:
    """How well the whole face follows the lamps of `lag_ms` ago; what each colour does to each
    channel (per lamp) and the face's own light.
    """
    drives = []
    for shot in used:
        left, right = shown(lighting, shot.at_mono_ms - lag_ms)
        drives.append((1.0, *((one + other) for one, other in zip(left, right, strict=True))))
    mix, own, left_over, total = [], [], 0.0, 0.0
    channels = list(zip(*face, strict=True))
    for values, found in zip(channels, fit_all(drives, channels), strict=True):
        mean = sum(values) / len(values)
        scale = max(mean, EPSILON) ** 2
        total += sum((v - mean) ** 2 for v in values) / scale
        left_over += _left_over(drives, values, found) / scale
        own.append(max(found[0], EPSILON))
        mix.append((found[1], found[2], found[3]))
    part = 1 - left_over / max(total, EPSILON)
    free = (len(used) - 1) / max(1, len(used) - FACTS)  # what chance alone would explain
    return math.sqrt(max(0.0, 1 - (1 - part) * free)), mix, (own[0], own[1], own[2])


def _per_region(
    used: Row[LookSeen], lighting: Lighting, lag_ms: int, mix: Row[Triple]
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """What left and right lamp add at each region, and what no lamp explains (the place moved over
    a brow, a glint), all in parts of its own light.
    """
    drives: list[list[tuple[float, ...]]] = [[] for _ in range(CHANNELS)]
    for shot, moved in zip(used, _moves(used), strict=True):
        left, right = shown(lighting, shot.at_mono_ms - lag_ms)
        for c in range(CHANNELS):
            drives[c].append((1.0, _dot(mix[c], left), _dot(mix[c], right), *moved))
    lefts, rights = [0.0] * len(REGIONS), [0.0] * len(REGIONS)
    owns, squares = [EPSILON] * len(REGIONS), [0.0] * len(REGIONS)
    for c in range(CHANNELS):
        columns = [[shot.glow[n * CHANNELS + c] for shot in used] for n in range(len(REGIONS))]
        weight = sum(mix[c])
        for n, found in enumerate(fit_all(drives[c], columns)):
            own, one, other = found[:3]
            owns[n] += max(own, EPSILON)
            lefts[n] += one * weight
            rights[n] += other * weight
            squares[n] += _left_over(drives[c], columns[n], found)
    part = USUAL / len(used)  # twice the shots have twice the sum of squares, and half the variance of what is fitted to them
    noise = (part * math.sqrt(square) / own for square, own in zip(squares, owns, strict=True))
    lefts = [one / own for one, own in zip(lefts, owns, strict=True)]
    rights = [one / own for one, own in zip(rights, owns, strict=True)]
    return tuple(lefts), tuple(rights), tuple(noise)


def _moves(used: Row[LookSeen]) -> list[tuple[float, ...]]:
    """How the head moved, in its own spreads: a place that slides over a brow is not lit by a lamp."""
    columns = []
    for told in zip(
        *((s.box[0] + s.box[2] / 2, s.box[1] + s.box[3] / 2, s.yaw_deg, s.pitch_deg) for s in used),
        strict=True,
    ):
        mean = sum(told) / len(told)
        spread = math.sqrt(sum((v - mean) ** 2 for v in told) / len(told))
        columns.append([(v - mean) / spread if spread > STILL else 0.0 for v in told])
    return list(zip(*columns, strict=True))


def _shades(found: Answer, lighting: Lighting) -> list[Shade]:
    left, right, noise = _per_region(found.used, lighting, found.near_ms, found.mix)
    floor = max(EPSILON, 0.02 * sum(left) / len(left), 0.02 * sum(right) / len(right))
    told = [
        (n, math.log(one / other), unsure * math.hypot(1 / one, 1 / other))
        for n, (one, other, unsure) in enumerate(zip(left, right, noise, strict=True))
        if min(one, other) > floor
    ]
    if not told:
        return []
    least = max(EPSILON, SURER * sorted(doubt for _, _, doubt in told)[len(told) // 2])
    return [(n, ratio, 1 / max(doubt, least)) for n, ratio, doubt in told]


def form_of(told: Row[Shade], heads: Heads = HEADS) -> tuple[float, float]:
    """How far left / right is on the way from folded paper (0) to a head (1), and its standard error.

    Half of what twins across the face differ by, beyond any smooth sheet = mean folded paper's + form *
    (a mean head's less that) + odd terms of a cubic + the ways in which heads differ among themselves, each
    as far as it is usual (`heads`). What two places are not surely known by counts less.
    """
    rows, values = [], []
    for pair, half, doubt in halves(told, heads):
        sure = 1 / math.sqrt(heads.alone**2 + NOISE * doubt)
        x, y = REGIONS[pair.left].x, REGIONS[pair.left].y
        row = (pair.head - pair.folded, x, x * y, x**3, x * y * y, *pair.differs)
        rows.append([sure * v for v in row])
        values.append(sure * (half - pair.folded))
    if len(rows) < PAIRS_MIN:
        return 0.0, 1.0
    count, ways = len(rows[0]), len(heads.twins[0].differs)
    rows += [[float(n == way) for n in range(count)] for way in range(count - ways, count)]
    values += [0.0] * ways
    return fit(rows, values)[0], math.sqrt(_variance(rows))


def halves(told: Row[Shade], heads: Heads = HEADS) -> list[tuple[Twins, float, float]]:
    """Half of what twin places differ by, and how unsure that is (a variance, of no unit)."""
    if len(told) < REGIONS_MIN:
        return []
    rests = {n: (max(-MOST, min(MOST, rest)), sure**-2) for n, rest, sure in beyond(told)}
    out = []
    for pair in heads.twins:
        if pair.left in rests and pair.right in rests:
            (one, unsure), (other, doubt) = rests[pair.left], rests[pair.right]
            out.append((pair, (one - other) / 2, (unsure + doubt) / 4))
    return out


def beyond(told: Row[Shade]) -> list[Shade]:
    """log(left / right) less any cubic of the place: what a sheet that is flat, tilted, bent or rolled in
    any direction may do, and lamps that are not alike. A place counts by how surely its ratio is known.
    """
    rows = [smooth(REGIONS[n]) for n, _, _ in told]
    sheet = fit(
        [[sure * v for v in row] for row, (_, _, sure) in zip(rows, told, strict=True)],
        [sure * ratio for _, ratio, sure in told],
    )
    return [(n, ratio - _dot(sheet, row), sure) for row, (n, ratio, sure) in zip(rows, told, strict=True)]


def smooth(region: Region) -> tuple[float, ...]:
    """What any sheet may do: a cubic of the place."""
    x, y = region.x, region.y
    return 1.0, x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3


def _variance(rows: Row[Row[float]]) -> float:
    """Of the first unknown: 1 / what of its column the others cannot say."""
    others = [row[1:] for row in rows]
    column = [row[0] for row in rows]
    left = _left_over(others, column, fit(others, column))
    return 1 / max(left, EPSILON)


def _steps(
    used: Row[LookSeen], face: Row[Triple], lighting: Lighting, own: Triple
) -> tuple[Triple, ...]:
    """The mean answer in each step, in parts of the face's own light; zeros where no shot fell."""
    answers: list[Triple] = []
    begins = (*lighting.lit_ms, lighting.end_ms)
    for since, until in itertools.pairwise(begins):
        seen = [
            light for shot, light in zip(used, face, strict=True)
            if since + EXPOSURE_MS <= shot.at_mono_ms < until
        ]  # fmt: skip
        if not seen:
            answers.append(DARK)
            continue
        red, green, blue = (
            sum(light[c] for light in seen) / len(seen) / own[c] - 1 for c in range(CHANNELS)
        )
        answers.append((red, green, blue))
    return tuple(answers)


def fit(rows: Row[Row[float]], values: Row[float]) -> list[float]:
    """Least squares; a direction that the rows do not show gets 0."""
    return fit_all(rows, [values])[0]


def fit_all(rows: Row[Row[float]], columns: Row[Row[float]]) -> list[list[float]]:
    """The fits of many columns of values to the same rows: the normal equations are solved once."""
    count = len(rows[0])
    turned = list(zip(*rows, strict=True))
    a = [[_dot(one, other) for other in turned] for one in turned]
    b = [[_dot(one, values) for values in columns] for one in turned]
    size = max(max(abs(v) for v in row) for row in a)
    for i in range(count):
        pivot = max(range(i, count), key=lambda k: abs(a[k][i]))
        a[i], a[pivot], b[i], b[pivot] = a[pivot], a[i], b[pivot], b[i]
        if abs(a[i][i]) <= EPSILON * max(size, EPSILON):
            a[i] = [1.0 if j == i else 0.0 for j in range(count)]
            b[i] = [0.0] * len(columns)
        for k in range(count):
            part = a[k][i] / a[i][i] if k != i else 0.0
            if part:
                a[k] = [x - part * y for x, y in zip(a[k], a[i], strict=True)]
                b[k] = [x - part * y for x, y in zip(b[k], b[i], strict=True)]
    return [[b[i][n] / a[i][i] for i in range(count)] for n in range(len(columns))]


def _dot(one: Row[float], other: Row[float]) -> float:
    return float(sum(map(mul, one, other)))


def _left_over(rows: Row[Row[float]], values: Row[float], found: Row[float]) -> float:
    """The sum of squares that a fit does not explain."""
    return sum((v - _dot(found, row)) ** 2 for v, row in zip(values, rows, strict=True))
