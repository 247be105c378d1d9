"""A synthetic population in the proportions of F47: people, families, accounts and faces from a seed.

It streams: one family at a time, a handful of counters, so a hundred thousand people need no more
memory than a hundred. The shares are steered and not drawn (each person goes where the share lags
most), so they hold for every size and seed. Everybody is invented; a face is a direction in the
template's space, drawn from the seed, and nobody's.

    python -m sim.centre.population --seed 1 --size 100000            # the counts
    python -m sim.centre.population --seed 1 --size 100000 --db sqlite:///centre.db
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import yaml
from msgspec import Struct

from sim.centre import setup
from sim.centre.books import store as t
from sim.centre.books.people import TEMPLATE_FLOATS, PersonSpec, unit

DATA: Final = Path(__file__).with_suffix(".yaml")
THIS_YEAR: Final = 2026
SIZE_MAX: Final = 10_000_000
BATCH: Final = 1_000
GOLDEN: Final = (math.sqrt(5) - 1) / 2  # steps that fill [0, 1) evenly, whatever their number
EDGE: Final = 1e-6
GENDERS: Final = {"father": "1", "grandfather": "1", "mother": "2", "grandmother": "2"}
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# who the second is to the first, by their roles
TIES: Final[dict[tuple[str, str], str]] = {
    ("father", "mother"): "配偶", ("mother", "father"): "配偶",
    ("grandfather", "grandmother"): "配偶", ("grandmother", "grandfather"): "配偶",
    ("father", "child"): "子女", ("mother", "child"): "子女",
    ("child", "father"): "父母", ("child", "mother"): "父母", ("child", "child"): "兄弟姐妹",
    ("father", "grandmother"): "父母", ("grandmother", "father"): "子女",
    ("child", "grandmother"): "祖父母", ("grandmother", "child"): "孙子女",
}  # fmt: skip


class Family(Struct, frozen=True):
    """A kind of family and how often it is met."""

    weight: int
    roles: tuple[str, ...]


class Shares(Struct, frozen=True):
    """`population.yaml` without its grades."""

    region: str
    employee: float  # of the insured
    coverage: float
    migrants: float
    homes: tuple[str, ...]
    account_mean_fen: int
    families: tuple[Family, ...]
    ages: dict[str, tuple[int, int]]
    retired_from: dict[str, int]


class Steered:
    """Gives out yes so that their share among all that were asked is `share`, as near as a count can
    be. One that may not be a yes leaves its part to the next who may."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._due = 0.0

    def next(self, *, may: bool = True) -> bool:
        """One more."""
        self._due += self._share
        yes = may and self._due >= 0.5
        self._due -= yes
        return yes


class Member(Struct, frozen=True):
    """A person before they are written down."""

    number: int
    role: str
    gend: str
    age: int


def shares(path: Path = DATA) -> Shares:
    """Read the proportions."""
    data: Any = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader
    insured = data["insured"]
    return Shares(
        region=data["region"],
        employee=insured["employee"] / (insured["employee"] + insured["resident"]),
        coverage=data["coverage"]["share"],
        migrants=data["migrants"]["share"],
        homes=tuple(data["home"]["provinces"]),
        account_mean_fen=data["account"]["mean_fen"],
        families=tuple(msgspec.convert(one, Family) for one in data["families"]),
        ages={role: (span[0], span[1]) for role, span in data["ages"].items()},
        retired_from={gend: data["retired_from"][gend] for gend in ("1", "2")},
    )


class Population:
    """All that a stream must remember."""

    def __init__(self, seed: int, found: Shares | None = None) -> None:
        assert 0 <= seed < 10_000, "four digits of every number"
        self._seed = seed
        self._found = found or shares()
        self._dice = random.Random(f"facepay population {seed}")
        self._insured = Steered(self._found.coverage)
        self._employee = Steered(self._found.employee)
        self._migrant = Steered(self._found.migrants)
        self._accounts = 0
        self._count = 0

    def stream(self, size: int) -> Iterator[PersonSpec]:
        """`size` people, families together; the last family is cut."""
        assert 0 <= size <= SIZE_MAX, size
        return islice(self._people(), size)

    def _people(self) -> Iterator[PersonSpec]:
        weights = [family.weight for family in self._found.families]
        while True:
            (family,) = self._dice.choices(self._found.families, weights)
            yield from self._family(family)

    def _family(self, family: Family) -> Iterator[PersonSpec]:
        members = [self._member(at, role) for at, role in enumerate(family.roles)]
        self._count += len(members)
        for member in members:
            ties = tuple(
                (self._psn_no(other.number), tie)
                for other in members
                if other is not member and (tie := TIES.get((member.role, other.role)))
            )
            yield self._person(member, ties)

    def _member(self, at: int, role: str) -> Member:
        low, high = self._found.ages[role]
        gend = GENDERS.get(role) or str(1 + self._dice.randrange(2))
        return Member(self._count + at, role, gend, self._dice.randint(low, high))

    def _psn_no(self, number: int) -> str:
        return f"SYN{self._seed:04d}{number:08d}"

    def _person(self, member: Member, ties: tuple[tuple[str, str], ...]) -> PersonSpec:
        insured = self._insured.next()
        employee = insured and self._employee.next(may=member.age >= 18)
        retired = employee and member.age >= self._found.retired_from[member.gend]
        psn_type = "1401" if not employee else "1201" if retired else "1101"
        home = self._found.region
        if self._migrant.next(may=18 <= member.age < 60):
            home = self._found.homes[member.number % len(self._found.homes)]
        number = f"{self._seed:04d}{member.number:08d}"
        born = f"{THIS_YEAR - member.age:04d}{1 + member.number % 12:02d}{1 + member.number % 28:02d}"
        return PersonSpec(
            psn_no=self._psn_no(member.number),
            psn_name=f"测试{_hanzi(member.number)}",
            certno=f"000000{born}{member.number % 1000:03d}X",  # no area has the number 000000
            gend=member.gend,
            age=member.age,
            insutype="310" if employee else "390",
            psn_type=psn_type,
            insuplc_admdvs=home,
            stas="1" if insured else "4",
            balance_fen=self._balance() if employee else 0,
            cards=((f"SC{number}", "03"), (f"000000{number}", "02")),
            relatives=ties,
        )

    def _balance(self) -> int:
        """Many have little and few have much; the mean is the account's."""
        self._accounts += 1
        at = (self._accounts * GOLDEN) % 1.0
        return round(-self._found.account_mean_fen * math.log(max(EDGE, 1.0 - at)))


def _hanzi(number: int) -> str:
    digits = "甲乙丙丁戊己庚辛壬癸"
    return "".join(digits[int(digit)] for digit in str(number))


def face(psn_no: str) -> bytes:
    """The person's template: 192 float32, the same in every run; two people's are almost at right
    angles. What a camera sees of them is `sim.camera`'s business."""
    seed = int.from_bytes(psn_no.encode()[-16:].rjust(16, b"\0"), "big")
    drawn = np.random.default_rng(seed).standard_normal(TEMPLATE_FLOATS).astype("<f4").tobytes()
    assert unit(drawn) is not None, "a drawn face is a template"
    return drawn


# -- into a centre ---------------------------------------------------------------------------------
def fill(store: t.Store, people: Iterator[PersonSpec], now_ms: int, *, model: str = "") -> int:
    """Write people, cards, relatives and opening balances, a thousand at a time; faces too when the
    model whose templates they stand for is named. How many."""
    done = 0
    while batch := list(islice(people, BATCH)):
        with store.begin() as conn:
            setup.add_people(conn, batch, now_ms)
            if model:
                rows = [
                    {"psn_no": one.psn_no, "model": model, "template": face(one.psn_no)}
                    for one in batch
                ]
                conn.execute(t.faces.insert(), rows)
        done += len(batch)
    return done


class Counts(Struct):
    """What a population came to."""

    people: int = 0
    insured: int = 0
    employees: int = 0
    retired: int = 0
    migrants: int = 0
    with_family: int = 0
    balance_fen: int = 0

    def add(self, one: PersonSpec, region: str) -> None:
        """One more person."""
        self.people += 1
        self.insured += one.stas == "1"
        self.employees += one.insutype == "310"
        self.retired += one.psn_type == "1201"
        self.migrants += one.insuplc_admdvs != region
        self.with_family += bool(one.relatives)
        self.balance_fen += one.balance_fen


def count(people: Iterator[PersonSpec], region: str) -> Counts:
    """Count a stream."""
    found = Counts()
    for one in people:
        found.add(one, region)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Entry."""
    parser = argparse.ArgumentParser(prog="python -m sim.centre.population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--db", default="", help="a centre's database; without it only the counts")
    parser.add_argument("--model", default="", help="sha256 of the template model: faces too")
    options = parser.parse_args(arguments)
    found = shares()
    began = time.monotonic()
    if options.db:
        store = t.Store(options.db)
        people = Population(options.seed, found).stream(options.size)
        done = fill(store, people, time.time_ns() // 1_000_000, model=options.model)
        store.close()
        print(f"{done} people written in {time.monotonic() - began:.1f} s")
    counts = count(Population(options.seed, found).stream(options.size), found.region)
    for name in Counts.__struct_fields__:
        value = getattr(counts, name)
        share = f"{value / counts.people:8.4f}" if name != "balance_fen" and counts.people else ""
        print(f"{name:12} {value:14d} {share}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
