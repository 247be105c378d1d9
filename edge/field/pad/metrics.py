"""The counts of ISO/IEC 30107-3: APCER of each attack species (the worst counts), BPCER, ACER, with
exact intervals (Clopper and Pearson), and the DET curve of a score.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from edge.field.pad.judge import Outcome

CONFIDENCE: Final = 0.95
HALVINGS: Final = 60
DET_POINTS: Final = 101


class Rate(Struct, frozen=True):
    """`errors` of `count`, and between what the true rate lies with 95 %."""

    errors: int
    count: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The rate as counted."""
        return self.errors / self.count if self.count else 0.0


class Table(Struct, frozen=True):
    """One way to decide, on one set. worst: the species with the highest APCER."""

    name: str
    apcer: dict[str, Rate]
    bpcer: Rate
    worst: str

    @property
    def acer(self) -> float:
        """The mean of the worst APCER and BPCER."""
        worst = self.apcer[self.worst].value if self.worst else 0.0
        return (worst + self.bpcer.value) / 2


def rate(errors: int, count: int) -> Rate:
    """With its exact interval; 0 of 150 ends at 2.4 % (two-sided), of 0 at 100 %."""
    assert 0 <= errors <= count
    tail = (1 - CONFIDENCE) / 2
    if not count:
        return Rate(0, 0, 0.0, 1.0)
    low = 0.0 if not errors else _root(lambda p: 1 - _below(errors - 1, count, p) - tail)
    high = 1.0 if errors == count else _root(lambda p: tail - _below(errors, count, p))
    return Rate(errors, count, low, high)


def _root(rises: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < 0 else (low, middle)
    return (low + high) / 2


def _below(errors: int, count: int, p: float) -> float:
    """P(at most `errors` of `count`), by logarithms: nothing overflows."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or errors >= count else 0.0
    logs = (
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1)
        + k * math.log(p) + (count - k) * math.log(1 - p)
        for k in range(errors + 1)
    )  # fmt: skip
    return math.fsum(math.exp(log) for log in logs)


def table(name: str, outcomes: Iterable[Outcome], accepts: Callable[[Outcome], bool]) -> Table:
    """The counts of one rule of decision."""
    taken, all_of = defaultdict[str, int](int), defaultdict[str, int](int)
    refused = real = 0
    for one in outcomes:
        if one.item.spoof:
            all_of[one.item.attack] += 1
            taken[one.item.attack] += accepts(one)
        else:
            real += 1
            refused += not accepts(one)
    apcer = {attack: rate(taken[attack], all_of[attack]) for attack in sorted(all_of)}
    worst = max(apcer, key=lambda attack: (apcer[attack].value, attack)) if apcer else ""
    return Table(name, apcer, rate(refused, real), worst)


def groups(outcomes: Iterable[Outcome]) -> dict[str, Rate]:
    """BPCER of each group of bona fide people, by each further column of the set."""
    refused, count = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in outcomes:
        if not one.item.spoof:
            for name, value in one.item.groups:
                count[f"{name} {value}"] += 1
                refused[f"{name} {value}"] += not one.accepted
    return {name: rate(refused[name], count[name]) for name in sorted(count)}


def det(outcomes: Iterable[Outcome], score: Callable[[Outcome], float]) -> list[tuple[float, float]]:
    """(APCER, BPCER) over all thresholds, at most DET_POINTS of them; species pooled."""
    spoof, real = list[float](), list[float]()
    for one in outcomes:
        (spoof if one.item.spoof else real).append(score(one))
    if not spoof or not real:
        return []
    every = sorted({*spoof, *real})
    step = max(1, len(every) // DET_POINTS)
    limits = [*every[::step], every[-1] + 1]
    return [
        (sum(s >= limit for s in spoof) / len(spoof), sum(r < limit for r in real) / len(real))
        for limit in limits
    ]


def eer(curve: list[tuple[float, float]]) -> float:
    """Where both rates are nearest to one another."""
    nearest = min(curve, key=lambda point: abs(point[0] - point[1]), default=(0.0, 0.0))
    return (nearest[0] + nearest[1]) / 2
