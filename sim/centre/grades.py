"""How sure the centre is of its own rules: every value of a pool with its evidence grade, the least
sure first.

python -m sim.centre.grades 510100            all of them
python -m sim.centre.grades 500100 --below B  only what nobody should quote
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from edge.core.benefit import worst
from edge.core.benefit.rules import GRADES
from sim.bank import credit
from sim.centre import prescriptions, prices, purchases
from sim.centre.books import proving, rules
from sim.centre.books.rules import Region

MEANS: Final = {
    "S": "stated in a seed document",
    "A": "two independent public sources",
    "B": "one public source, not cross-checked",
    "C": "general knowledge, unverified",
    "D": "our own proposal, nobody's rule",
}


class Value(Struct, frozen=True):
    """One value of the rules, as a person reads it."""

    name: str
    value: str
    grade: str


def values(region: Region) -> list[Value]:
    """Every row of the pool's file, the least sure first."""
    found = [*_cells(region), *_others(region)]
    return sorted(found, key=lambda one: (-GRADES.index(one.grade), one.name))


def _cells(region: Region) -> Iterator[Value]:
    for one in region.rules.cells:
        cap = "none" if one.cap_fen is None else f"{one.cap_fen / 100:.2f}"
        text = f"ratio {one.ratio}, deductible {one.deductible_fen / 100:.2f} a "
        text += f"{one.deductible_per}, cap {cap}"
        yield Value(f"{one.insutype}/{one.scene}/{one.level}/{one.psn}", text, one.grade)
    for bonus in region.rules.bonuses:
        name = f"{bonus.insutype}/{bonus.scene}/{bonus.psn} from {bonus.age_from} years"
        yield Value(name, f"ratio +{bonus.add}", bonus.grade)


def _others(region: Region) -> Iterator[Value]:
    one = region.rules
    other = one.other_grades
    for insutype, serious in one.serious.items():
        tiers = ", ".join(
            f"{tier.ratio} up to {'-' if tier.to_fen is None else f'{tier.to_fen / 100:.2f}'}"
            for tier in serious.tiers
        )
        text = f"above {serious.line_fen / 100:.2f}: {tiers}"
        yield Value(f"{insutype}/serious illness", text, serious.grade)
    for disease in one.diseases:
        text = f"{disease.name}, across provinces since {disease.since or 'the first five'}"
        yield Value(f"disease {disease.code}", text, disease.grade)
    for kind, factor in one.remote_factor.items():
        yield Value(f"away, {kind}", f"factor {factor}", other.get("remote_factor", "D"))
    wait = one.waiting
    text = f"{wait.fixed_months} + {wait.per_missed_year_months} months for each missed year"
    yield Value("waiting period", text, wait.grade)
    yield Value("newborn", f"{wait.newborn_days} days", other.get("newborn_days", wait.grade))
    yield Value("account pays for", one.acct_scope, other.get("acct_scope", "D"))
    yield Value("filing needed for", ", ".join(one.filed_scenes), other.get("filed_scenes", "D"))
    line = f"{region.monitor.line_fen() / 100:.2f}"
    yield Value("monitoring line of the year", line, other.get("monitor", "D"))
    yield from _identity()
    yield from _pharmacies()
    yield from _credit()
    items = region.catalogue.values()
    grade = worst(*(item.grade for item in items)) or "D"
    yield Value("catalogue", f"{len(items)} items, all invented", grade)


def _identity() -> Iterator[Value]:
    """How a person is proved; the same for every pool."""
    rule = proving.rules()
    for place, limit in rule.nopassword.items():
        yield Value(f"a face alone pays, {place}", f"up to {limit.fen / 100:.2f}", limit.grade)
    text = f"{rule.password.digits} digits, locked after {rule.password.tries} wrong ones"
    yield Value("e-voucher password", text, rule.password.grade)
    face = rule.face
    text = f"after {face.tries} in {face.within_minutes} min a rest of {face.rest_minutes} min"
    yield Value("looks that find nobody", text, face.grade)


def _pharmacies() -> Iterator[Value]:
    """Prescriptions, orders from home and prices; the same for every pool."""
    for package in (prescriptions, purchases, prices):
        folder = Path(str(package.__file__)).parent
        for path in sorted(folder.glob("*.yaml")):
            found: dict[str, Any] = yaml.safe_load(path.read_text())
            for name, one in found.items():
                if "grade" in one:
                    yield Value(f"{folder.name}, {name}", str(one["value"]), one["grade"])
            for city in found.get("cities", {}).values():
                count = len(city["pharmacies"])
                yield Value(f"pilot, {city['name']}", f"{count} pharmacies, invented", city["grade"])


def _credit() -> Iterator[Value]:
    """What banks lend by."""
    found = credit.load()
    yield Value("credit, members of a contract", str(found.members_max.value), found.members_max.grade)
    for key, product in found.products.items():
        for name in product.__struct_fields__:
            one = getattr(product, name)
            yield Value(f"credit {key}, {name}", str(one.value), one.grade)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m sim.centre.grades", description=__doc__)
    parser.add_argument("region", nargs="?", default="510100")
    parser.add_argument("--below", default="", choices=("", *GRADES), help="only less sure ones")
    options = parser.parse_args(arguments)
    region = rules.load(options.region)
    floor = GRADES.index(options.below) if options.below else -1
    print(f"{region.region} {region.name}")
    for one in values(region):
        if GRADES.index(one.grade) > floor:
            print(f"{one.grade}  {one.name:<40} {one.value}")
    for letter, text in MEANS.items():
        print(f"   {letter} = {text}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
