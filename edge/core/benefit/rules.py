"""The benefit rules as data. Every row carries the evidence grade of its values (DOMAIN: S stated in
a seed, A two sources, B one source, C general knowledge, D our own proposal), so that a split can
say how sure its rules are.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec
from msgspec import Struct

from edge.core.money import ratio
from edge.core.types import Json
from edge.errors import EdgeError

CELLS_MAX: Final = 500
CATALOGUE_MAX: Final = 20_000
RELATIVES_MAX: Final = 8  # the eight kinds of close relatives
GRADES: Final = "SABCD"  # from the surest to our own

# med_type -> scene; what is not listed has no benefit cell and is paid in full
SCENES: Final = {"11": "outpatient", "12": "outpatient", "13": "outpatient", "14": "chronic",
                 "21": "inpatient", "24": "inpatient", "25": "inpatient", "28": "inpatient",
                 "41": "pharmacy"}  # fmt: skip

# fund_pay_type of setldetail; hifp has one code per kind of insurance
FUND_TYPES: Final = {
    "hifp_310": "310100",
    "hifp_390": "390100",
    "hifob": "330100",
    "hifmi": "390200",
    "cvlserv": "320100",
    "maf": "610100",
}


class Item(Struct, frozen=True):
    """One catalogue entry. lv "1" 甲, "2" 乙, "3" 丙; selfpay_prop is 先行自付 (1319), `selfpay_by` the
    same where an insutype differs; limit_fen is the price limit (1318) per unit, None = no limit,
    `limit_by` the same where a level of institution differs.
    """

    lv: str
    selfpay_prop: str = "0"
    limit_fen: int | None = None
    name: str = ""
    selfpay_by: dict[str, str] = {}
    limit_by: dict[str, int] = {}
    grade: str = "D"

    def limit(self, level: str) -> int | None:
        """The price limit at this level of institution, in fen."""
        return self.limit_by.get(level, self.limit_fen)


class Cell(Struct, frozen=True):
    """One cell of insutype x scene x level x person class ("*" matches all; the first match
    counts).

    deductible_per: "year" (accumulates) or "visit" (each admission). cap_fen: of the basic fund per
    year, None = none. above_cap_ratio: what 大额 (hifob) pays of the in-scope part that the cap cut
    off.
    """

    insutype: str
    scene: str
    level: str
    psn: str
    ratio: str
    deductible_fen: int = 0
    deductible_per: str = "year"
    cap_fen: int | None = None
    above_cap_ratio: str = "0"
    grade: str = "D"


class Bonus(Struct, frozen=True):
    """More of the ratio for a person class from an age on (retired bonus, age steps). Of those that
    match the largest counts; a ratio never gets above 1.
    """

    insutype: str
    scene: str
    psn: str
    add: str
    age_from: int = 0
    grade: str = "D"


class Tier(Struct, frozen=True):
    """Serious illness: from the previous tier's end up to `to_fen` (None = without
    end) at `ratio`.
    """

    to_fen: int | None
    ratio: str


class Serious(Struct, frozen=True):
    """居民大病: the year's compliant self-pay above `line_fen`, in tiers."""

    line_fen: int
    tiers: tuple[Tier, ...]
    grade: str = "D"


class Disease(Struct, frozen=True):
    """One recognised chronic disease (门诊慢特病): `since` is the first day on which it is settled
    directly across provinces, "" = it always was. `scene` picks the cells; `scope` the catalogue
    codes that belong to it, () = the whole catalogue.
    """

    code: str
    name: str
    alt: tuple[str, ...] = ()
    since: str = ""
    scene: str = "chronic"
    scope: tuple[str, ...] = ()
    grade: str = "D"


class Waiting(Struct, frozen=True):
    """待遇等待期 and newborns: who enrols late waits."""

    fixed_months: int = 3
    per_missed_year_months: int = 1
    lapsed_years: int = 4  # from so many missed years on
    lapsed_min_months: int = 6  # repair does not get below this
    newborn_days: int = 90
    grade: str = "D"


class RegionRules(Struct, frozen=True):
    """The benefit rules of one pool. acct_scope: "inscope_selfpay" (no 丙, no over-limit) or
    "personal_part".
    """

    region: str
    cells: tuple[Cell, ...]
    serious: dict[str, Serious] = {}  # by insutype
    acct_scope: str = "inscope_selfpay"
    cvlserv_ratio: str = "0"
    maf_ratio: dict[str, str] = {}  # by psn_idet_type
    remote_factor: dict[str, str] = {}  # by kind of filing, "" = at home
    bonuses: tuple[Bonus, ...] = ()
    diseases: tuple[Disease, ...] = ()
    waiting: Waiting = Waiting()
    filed_scenes: tuple[str, ...] = ()  # scenes that need a filing (2501) in another place
    other_grades: dict[str, str] = {}  # of the values above that have no row of their own


class RuleBook(Struct, frozen=True):
    """Rules, catalogue and the institution's level: everything an estimate needs besides the
    person. Away from home the rules are those of the place of insurance and the catalogue is that
    of the place of care.
    """

    rules: RegionRules
    catalogue: dict[str, Item] = {}
    level: str = "community"  # of the institution: community, l1, l2, l3, pharmacy


def rulebook(data: Json) -> RuleBook:
    """`Policy.rules` to typed rules. EdgeError E-POL-05 when they are malformed or too many."""
    try:
        book = msgspec.convert(data, RuleBook)
        for cell in book.rules.cells[:CELLS_MAX]:
            ratio(cell.ratio), ratio(cell.above_cap_ratio)
        for bonus in book.rules.bonuses[:CELLS_MAX]:
            ratio(bonus.add)
    except (msgspec.ValidationError, EdgeError) as error:
        raise EdgeError("E-POL-05", "benefit rules malformed", str(error)[:200]) from error
    rules = book.rules
    rows = (len(rules.cells), len(rules.bonuses), len(rules.diseases))
    if max(rows) > CELLS_MAX or len(book.catalogue) > CATALOGUE_MAX:
        raise EdgeError("E-POL-05", "benefit rules too large", "the centre must send fewer rows")
    return book


def find_cell(rules: RegionRules, insutype: str, psn: str, scene: str, level: str) -> Cell | None:
    """The first cell that matches; None = this scene has no benefit here."""
    wanted = (insutype, scene, level, psn)
    for cell in rules.cells:
        has = (cell.insutype, cell.scene, cell.level, cell.psn)
        if all(have in ("*", want) for have, want in zip(has, wanted, strict=True)):
            return cell
    return None


def find_bonus(
    rules: RegionRules, insutype: str, psn: str, scene: str, age: int
) -> tuple[Fraction, str]:
    """What is added to the ratio, and the grade of the row that says so ("" when none does)."""
    wanted = (insutype, scene, psn)
    best, grade = Fraction(0), ""
    for one in rules.bonuses:
        has = (one.insutype, one.scene, one.psn)
        fits = all(have in ("*", want) for have, want in zip(has, wanted, strict=True))
        if fits and age >= one.age_from and ratio(one.add) > best:
            best, grade = ratio(one.add), one.grade
    return best, grade


def worst(*grades: str) -> str:
    """The least sure of these grades; "" counts for nothing, an unknown one for our own."""
    ranks = [GRADES.index(one) if one in GRADES else len(GRADES) - 1 for one in grades if one]
    return GRADES[max(ranks)] if ranks else ""
