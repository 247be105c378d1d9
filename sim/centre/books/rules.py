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
from edge.core.types import Json
from edge.errors import EdgeError

FOLDER: Final = Path(__file__).parent / "rules_data"
FILE_BYTES_MAX: Final = 1 << 20
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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


class Region(Struct, frozen=True):
    """One pool: who gets what, what is in the catalogue, when somebody is told."""

    region: str
    name: str
    dialect: Dialect
    rules: RegionRules
    catalogue: dict[str, Item]
    monitor: Monitor

    def book(self, level: str) -> RuleBook:
        """Rules for an institution of this level, as edge.core.benefit wants them."""
        assert level in LEVELS, level
        return RuleBook(rules=self.rules, catalogue=self.catalogue, level=level)

    def document(self, level: str) -> Json:
        """The same as plain data, for `Policy.rules`."""
        plain: Json = msgspec.to_builtins(self.book(level))
        return plain


def load(region: str, folder: Path = FOLDER) -> Region:
    """Read and check one region. EdgeError E-CFG-20 when the file is missing or malformed."""
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
