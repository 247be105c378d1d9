"""Benefit rules of the pools as data: one YAML file per region beside this module
(`rules/510100.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from edge.core import benefit, money
from edge.core.benefit import Item, RegionRules, RuleBook
from edge.core.books import dialects
from edge.core.types import Json
from edge.errors import EdgeError

FOLDER: Final = Path(__file__).parent / "rules_data"
FILE_BYTES_MAX: Final = 1 << 20
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
POOLS_MAX: Final = 16
LEVELS: Final = ("community", "l1", "l2", "l3", "pharmacy")


class Monitor(Struct, frozen=True):
    """Personal cost of a year above `ratio` of `income_fen` is told to the civil-affairs office
    (S1)."""

    income_fen: int
    ratio: str

    def line_fen(self) -> int:
        """The amount above which it is told."""
        return money.share(self.income_fen, money.ratio(self.ratio))


class Dialect(Struct, frozen=True):
    """What this pool counts as fund money in a statement, beside the funds themselves."""

    fund_pay_sumamt_includes_acct: bool
    fund_pay_sumamt_includes_hosp_part: bool

    @property
    def told(self) -> dialects.Dialect:
        """The same as the terminal knows it."""
        return dialects.Dialect(
            acct=self.fund_pay_sumamt_includes_acct, hosp=self.fund_pay_sumamt_includes_hosp_part
        )


class Region(Struct, frozen=True):
    """One pool: who gets what, what is in the catalogue, when somebody is told."""

    region: str
    name: str
    dialect: Dialect
    rules: RegionRules
    catalogue: dict[str, Item]
    monitor: Monitor
    pools: dict[str, Region] = {}  # the others, by the first four digits: who is insured there

    def pool_of(self, admdvs: str) -> Region | None:
        """The pool that a division belongs to; None when nobody here has its rules."""
        return self if admdvs[:4] == self.region[:4] else self.pools.get(admdvs[:4])

    def away_book(self, home: Region, level: str) -> RuleBook:
        """For somebody who is insured in `home`: the catalogue of the place of care, the rules of
        the place of insurance (DOMAIN §3.3)."""
        assert level in LEVELS, level
        return RuleBook(rules=home.rules, catalogue=self.catalogue, level=level)

    def book(self, level: str) -> RuleBook:
        """Rules for an institution of this level, as edge.core.benefit wants them."""
        return self.away_book(self, level)

    def document(self, level: str) -> Json:
        """The same as plain data, for `Policy.rules`."""
        plain: Json = msgspec.to_builtins(self.book(level))
        return plain


def load(region: str, folder: Path = FOLDER) -> Region:
    """Read and check one region, and its neighbours beside it. EdgeError E-CFG-20 when a file is
    missing or malformed."""
    names = sorted(path.stem for path in folder.glob("*.yaml"))[:POOLS_MAX]
    others = {name[:4]: _read(name, folder) for name in names if name != region}
    return msgspec.structs.replace(_read(region, folder), pools=others)


def _read(region: str, folder: Path) -> Region:
    path = folder / f"{region}.yaml"
    try:
        text = path.read_bytes()
        assert len(text) <= FILE_BYTES_MAX, "a rule file of ours is small"
        data: Any = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C if possible
        found = msgspec.convert(data, Region)
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise EdgeError(
            "E-CFG-20", f"rules of {region} cannot be read: {error}", str(path)
        ) from error
    benefit.rulebook(found.document("l3"))  # every ratio is a ratio
    return found
