"""Activation targets of a district by town (DOMAIN F38; the annex of seed S4): how many people each town
is to bring to the e-voucher, and how far it is.

Each town's target is rounded by itself, and the sum of those is not the rounded target of the district:
S4 prints 259,695 under rows that sum to 259,694. Both are shown; neither is corrected.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from msgspec import Struct

from edge.errors import EdgeError

FILE: Final = Path(__file__).parent / "towns.csv"
FILE_BYTES_MAX: Final = 1 << 20
TOWNS_MAX: Final = 5_000
FIELDS: Final = ("no", "town", "insured", "target_rate", "target")


class Town(Struct, frozen=True):
    """One row of the annex. `target` is the printed one."""

    no: int
    town: str
    insured: int
    rate: Decimal
    target: int


class Standing(Struct, frozen=True):
    """How far one town is."""

    town: str
    activated: int
    target: int

    @property
    def missing(self) -> int:
        """People still to come; 0 = met."""
        return max(0, self.target - self.activated)


class Report(Struct, frozen=True):
    """The ranking, the nearest to its target first, and the two sums of the targets. `elsewhere`:
    activations of no town of the annex."""

    towns: tuple[Standing, ...]
    insured: int
    sum_of_targets: int
    target_of_sum: int
    activated: int
    elsewhere: int


def rounded(insured: int, rate: Decimal) -> int:
    """A target: half up, as the annex does it."""
    return int((insured * rate).quantize(Decimal(1), ROUND_HALF_UP))


def read(path: Path = FILE) -> tuple[Town, ...]:
    """The annex. EdgeError E-CFG-20 when it is malformed: a row is missing a field, a town is named
    twice, a printed target is not its row's."""
    try:
        text = path.read_bytes()[:FILE_BYTES_MAX].decode()
        rows = list(csv.DictReader(text.splitlines()))
        towns = tuple(
            Town(int(row["no"]), row["town"], int(row["insured"]), Decimal(row["target_rate"]), int(row["target"]))
            for row in rows
        )
        wrong = [one.town for one in towns if rounded(one.insured, one.rate) != one.target]
        if not 0 < len(towns) <= TOWNS_MAX or len({one.town for one in towns}) != len(towns) or wrong:
            raise ValueError(f"no towns, a town twice, or a target that is not its row's: {wrong[:3]}")
    except (OSError, KeyError, TypeError, ValueError, InvalidOperation, csv.Error) as error:
        raise EdgeError("E-CFG-20", f"the towns cannot be read: {error}", str(path)) from error
    return towns


def report(towns: tuple[Town, ...], activated: Mapping[str, int]) -> Report:
    """`activated`: people by town, each counted once whatever the channel."""
    standings = [Standing(one.town, activated.get(one.town, 0), one.target) for one in towns]
    standings.sort(key=lambda one: (-one.activated / max(1, one.target), one.town))
    insured = sum(one.insured for one in towns)
    known = sum(one.activated for one in standings)
    return Report(
        towns=tuple(standings),
        insured=insured,
        sum_of_targets=sum(one.target for one in towns),
        target_of_sum=rounded(insured, max(one.rate for one in towns)),
        activated=known,
        elsewhere=sum(activated.values()) - known,
    )


def text(found: Report) -> str:
    """The report as a person reads it."""
    rows = [f"{one.activated:>8,} of {one.target:>8,}  {one.missing:>8,} to go  {one.town}" for one in found.towns]
    both = f"targets: the rows sum to {found.sum_of_targets:,}, of the whole {found.target_of_sum:,}"
    last = f"activated {found.activated:,} · elsewhere {found.elsewhere:,} · insured {found.insured:,} · {both}"
    return "\n".join([*rows, last])
