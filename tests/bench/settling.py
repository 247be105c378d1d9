"""Group `benefit`: how many settlements the benefit engine works out on one core."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from edge.core import benefit as b
from edge.core.money import half_up
from edge.core.types import FeeLine
from sim.centre.books import rules
from tests.bench.figure import Figure, Size, in_turns, paired, repeated

TIMES = 50  # settlements of one sample
FLOOR = "four shares of exact fractions, rounded"


def measure(_directory: Path, size: Size) -> list[Figure]:
    """Golden case A (four lines, account and relative) and golden case C (serious illness)."""
    region = rules.load("510100")
    book, catalogue = region.book("l3"), region.catalogue
    visit = (
        FeeLine("1", "SYN-A-0001", "", 120_00),
        FeeLine("2", "SYN-B-0001", "", 200_00),
        FeeLine("3", "SYN-S-0001", "", 300_00),
        FeeLine("4", "SYN-C-0001", "", 80_00),
    )
    before = b.Accumulators(outpatient_dedc_fen=100_00)
    pockets = b.Accounts(300_00, (100_00,))
    employee, resident = b.PersonFacts("310", "active"), b.PersonFacts("390", "resident")
    stay = b.Scope(60_000_00, 3_000_00, 500_00, 4_500_00, 52_000_00)
    part = Fraction("0.60")

    def outpatient() -> None:
        scope = b.total(b.split_lines(visit, catalogue, "310", "l3"))
        done = b.settle(scope, employee, before, pockets, book, med_type="11")
        assert done.split.hifp_pay_fen == 240_00

    def inpatient() -> None:
        done = b.settle(stay, resident, b.Accumulators(), pockets, book, med_type="21")
        assert done.split.hifmi_pay_fen == 2_088_00

    def floor() -> None:
        for amount in (120_00, 200_00, 300_00, 80_00):
            half_up(amount * part)

    works = [repeated(one, TIMES) for one in (outpatient, inpatient, floor)]
    visits, stays, floors = in_turns(size.crypto, works)
    return [
        paired(
            group="benefit",
            name=f"settlement, {name}",
            unit="µs",
            values=values,
            floors=floors,
            floor_name=FLOOR,
            scale=1e6,
            note=f"{1 / sorted(values)[len(values) // 2]:,.0f} settlements/s on one core",
        )
        for name, values in (("outpatient of 4 lines", visits), ("inpatient, tiers", stays))
    ]
