"""The counts of ISO/IEC 30107-3: APCER of each attack species (the worst counts), BPCER, ACER, with
exact intervals (Clopper and Pearson), and the DET curve of a score. Counted one by one: what is
held does not grow with the set.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from edge.core.liveness import NET
from edge.field.pad.judge import CLIP, KINDS, PAIR, SINGLE, Outcome

CONFIDENCE: Final = 0.95
HALVINGS: Final = 60
BINS: Final = 400  # of a score, for its DET curve
SCORES: Final = {  # of each kind of presentation: least and greatest
    CLIP: {"passive net": (0.0, 1.0), "fused odds": (-40.0, 40.0)},
    SINGLE: {"passive net": (0.0, 1.0)},
    PAIR: {"passive net": (0.0, 1.0), "flash gain": (0.0, 4.0), "unevenness": (0.0, 0.7)},
}
DECISION: Final = "all demanded checks"


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


class _Count:
    """Errors and presentations by name."""

    def __init__(self) -> None:
        self._errors, self._all = defaultdict[str, int](int), defaultdict[str, int](int)

    def add(self, name: str, *, error: bool) -> None:
        self._all[name] += 1
        self._errors[name] += error

    def rates(self) -> dict[str, Rate]:
        return {name: rate(self._errors[name], self._all[name]) for name in sorted(self._all)}


class Tally:
    """The presentations of one kind, outcome by outcome. ways: the decision, and each check alone at
    its limit.
    """

    def __init__(self, kind: str = CLIP) -> None:
        self.kind, self.count = kind, 0
        self._attacks, self._real = defaultdict[str, _Count](_Count), _Count()
        self._groups, self._unanswered = _Count(), _Count()
        self._levels: dict[str, str] = {}
        self._scores = {name: ([0] * BINS, [0] * BINS) for name in SCORES[kind]}

    def add(self, one: Outcome) -> None:
        """One more presentation."""
        assert one.kind == self.kind, one.kind
        self.count += 1
        self._unanswered.add("attacks" if one.item.spoof else "bona fide", error=not one.answered)
        ways = {name: name in one.passed for name, _ in one.values} | {DECISION: one.accepted}
        for way, accepted in ways.items():
            if one.item.spoof:
                self._attacks[way].add(one.item.attack, error=accepted)
            else:
                self._real.add(way, error=not accepted)
        if one.item.spoof:
            self._levels[one.item.attack] = dict(one.item.groups).get("level", "")
        else:
            for name, value in (*one.item.groups, ("subject", one.item.subject)):
                if name != "level":
                    self._groups.add(f"{name} {value}", error=not one.accepted)
        values = dict(one.values)
        found = {"passive net": values.get(NET, 0.0), "fused odds": one.odds, "flash gain": values.get("gain", 0.0)}
        found |= dict(one.scores)
        for name, (least, most) in SCORES[self.kind].items():
            at = int((found[name] - least) / (most - least) * BINS)
            self._scores[name][0 if one.item.spoof else 1][max(0, min(BINS - 1, at))] += 1

    def tables(self) -> list[Table]:
        """The decision first, then the net, then the other checks."""
        real = self._real.rates()
        names = sorted({*self._attacks, *real}, key=lambda name: (name != DECISION, name != NET, name))
        return [self._table(name, real.get(name, rate(0, 0))) for name in names]

    def _table(self, name: str, bpcer: Rate) -> Table:
        apcer = self._attacks[name].rates()
        worst = max(apcer, key=lambda attack: (apcer[attack].value, attack)) if apcer else ""
        return Table(name, apcer, bpcer, worst)

    def level(self, attack: str) -> str:
        """What the set says of a species, "" nothing."""
        return self._levels.get(attack, "")

    def groups(self) -> dict[str, Rate]:
        """BPCER of each group of bona fide people, by each further column of the set."""
        return self._groups.rates()

    def unanswered(self) -> dict[str, Rate]:
        """What no answer was given to (ISO's APNRR and BPNRR): in the other counts it is refused."""
        return self._unanswered.rates()

    def det(self) -> dict[str, list[tuple[float, float]]]:
        """(APCER, BPCER) of each score over BINS thresholds; species pooled."""
        return {name: _curve(*bins) for name, bins in self._scores.items()}


class Tallies:
    """A set: a tally for each kind of presentation that is in it."""

    def __init__(self) -> None:
        self._of = dict[str, Tally]()

    def add(self, one: Outcome) -> None:
        """One more presentation."""
        self._of.setdefault(one.kind, Tally(one.kind)).add(one)

    @property
    def count(self) -> int:
        """Of all kinds."""
        return sum(one.count for one in self._of.values())

    def each(self) -> list[Tally]:
        """Those with a presentation, in the order of KINDS."""
        return [self._of[kind] for kind in KINDS if kind in self._of]


def _curve(spoof: list[int], real: list[int]) -> list[tuple[float, float]]:
    if not sum(spoof) or not sum(real):
        return []
    return [
        (sum(spoof[limit:]) / sum(spoof), sum(real[:limit]) / sum(real)) for limit in range(BINS + 1)
    ]


def eer(curve: list[tuple[float, float]]) -> float:
    """Where both rates are nearest to one another."""
    nearest = min(curve, key=lambda point: abs(point[0] - point[1]), default=(0.0, 0.0))
    return (nearest[0] + nearest[1]) / 2
