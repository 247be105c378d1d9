"""Who pays what: DOMAIN §3.1 steps 1 to 13 from rule data, exact in fen. The terminal estimates
with it, the reference centre settles with it.

Rules are data: `RuleBook` is `Policy.rules` typed (and the centre's rule file). Each fund line is
rounded half up once; what is left over goes to `psn_cash_pay`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import msgspec
from msgspec import Struct

from edge.core.money import check_split, decimal, half_up, ratio, share
from edge.core.types import FeeLine, Json, Split
from edge.errors import EdgeError

CELLS_MAX: Final = 500
CATALOGUE_MAX: Final = 20_000
RELATIVES_MAX: Final = 8  # the eight kinds of close relatives

# med_type -> scene; what is not listed has no benefit cell and is paid in full
SCENES: Final = {"11": "outpatient", "12": "outpatient", "13": "outpatient", "14": "chronic",
                 "21": "inpatient", "28": "inpatient", "41": "pharmacy"}  # fmt: skip

# fund_pay_type of setldetail; hifp has one code per kind of insurance
FUND_TYPES: Final = {
    "hifp_310": "310100",
    "hifp_390": "390100",
    "hifob": "330100",
    "hifmi": "390200",
    "cvlserv": "320100",
    "maf": "610100",
}


# -- the rules, as data ---------------------------------------------------------------------------
class Item(Struct, frozen=True):
    """One catalogue entry. lv "1" 甲, "2" 乙, "3" 丙; selfpay_prop is 先行自付; limit_fen per unit, None =
    no limit.
    """

    lv: str
    selfpay_prop: str = "0"
    limit_fen: int | None = None
    name: str = ""


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


class RuleBook(Struct, frozen=True):
    """Rules, catalogue and the institution's level: everything an estimate needs besides the
    person.
    """

    rules: RegionRules
    catalogue: dict[str, Item] = {}
    level: str = "community"  # of the institution: community, l1, l2, l3, pharmacy


# -- what is known about the case -----------------------------------------------------------------
class PersonFacts(Struct, frozen=True):
    """psn: active, retired or resident (from psn_type 11xx, 12xx, 14xx)."""

    insutype: str
    psn: str
    cvlserv: bool = False
    idet_types: tuple[str, ...] = ()


class Accumulators(Struct, frozen=True):
    """The person's year before this settlement, in fen (5206)."""

    outpatient_dedc_fen: int = 0
    outpatient_fund_fen: int = 0  # outpatient and pharmacy share one cap
    inpatient_fund_fen: int = 0
    compliant_selfpay_fen: int = 0
    personal_fen: int = 0


class Accounts(Struct, frozen=True):
    """Balances that may pay: the person's own, then relatives in their order (家庭共济)."""

    own_fen: int = 0
    relatives_fen: tuple[int, ...] = ()
    used: bool = True  # acct_used_flag


class Line(Struct, frozen=True):
    """One fee line after steps 1 to 4; the four parts sum to the amount (2204 `result`)."""

    feedetl_sn: str
    amount_fen: int
    fulamt_ownpay_amt_fen: int
    overlmt_selfpay_fen: int
    preselfpay_amt_fen: int
    inscp_scp_amt_fen: int
    lv: str = "3"
    selfpay_prop: str = "0"


class Scope(Struct, frozen=True):
    """The sums over all lines."""

    medfee_sumamt_fen: int
    fulamt_ownpay_amt_fen: int
    overlmt_selfpay_fen: int
    preselfpay_amt_fen: int
    inscp_scp_amt_fen: int


class FundLine(Struct, frozen=True):
    """One line of `setldetail`."""

    fund_pay_type: str
    inscp_scp_amt_fen: int
    fund_payamt_fen: int


class Settlement(Struct, frozen=True):
    """The result: the split, its fund lines, what each relative paid, and the year afterwards."""

    split: Split
    funds: tuple[FundLine, ...]
    relatives_fen: tuple[int, ...]
    ratio: str  # pool_prop_selfpay
    after: Accumulators


def rulebook(data: Json) -> RuleBook:
    """`Policy.rules` to typed rules. EdgeError E-POL-05 when they are malformed or too many."""
    try:
        book = msgspec.convert(data, RuleBook)
        for cell in book.rules.cells[:CELLS_MAX]:
            ratio(cell.ratio), ratio(cell.above_cap_ratio)
    except (msgspec.ValidationError, EdgeError) as error:
        raise EdgeError("E-POL-05", "benefit rules malformed", str(error)[:200]) from error
    if len(book.rules.cells) > CELLS_MAX or len(book.catalogue) > CATALOGUE_MAX:
        raise EdgeError("E-POL-05", "benefit rules too large", "the centre must send fewer rows")
    return book


# -- steps 1 to 4: lines --------------------------------------------------------------------------
def split_line(line: FeeLine, item: Item | None) -> Line:
    """Steps 1 to 4 for one line. An unknown code counts as 丙: never promise what the catalogue does
    not say.
    """
    amount = line.amount_fen
    assert amount >= 0, "a fee line is not negative in this slice"
    if item is None or item.lv == "3":
        return Line(line.feedetl_sn, amount, amount, 0, 0, 0)
    over = 0
    if item.limit_fen is not None:
        over = max(0, amount - half_up(item.limit_fen * decimal(line.cnt)))
    prop = ratio(item.selfpay_prop)
    first = share(amount - over, prop)
    rest = amount - over - first
    return Line(line.feedetl_sn, amount, 0, over, first, rest, item.lv, item.selfpay_prop)


def split_lines(lines: Iterable[FeeLine], catalogue: dict[str, Item]) -> tuple[Line, ...]:
    """Steps 1 to 4 for a bill (2204)."""
    return tuple(split_line(line, catalogue.get(line.med_list_codg)) for line in lines)


def total(lines: Iterable[Line]) -> Scope:
    """The sums that a settlement starts from."""
    parts = tuple(lines)
    scope = Scope(
        medfee_sumamt_fen=sum(line.amount_fen for line in parts),
        fulamt_ownpay_amt_fen=sum(line.fulamt_ownpay_amt_fen for line in parts),
        overlmt_selfpay_fen=sum(line.overlmt_selfpay_fen for line in parts),
        preselfpay_amt_fen=sum(line.preselfpay_amt_fen for line in parts),
        inscp_scp_amt_fen=sum(line.inscp_scp_amt_fen for line in parts),
    )
    assert scope.medfee_sumamt_fen == (
        scope.fulamt_ownpay_amt_fen
        + scope.overlmt_selfpay_fen
        + scope.preselfpay_amt_fen
        + scope.inscp_scp_amt_fen
    )
    return scope


# -- steps 5 to 13: one settlement ----------------------------------------------------------------
def find_cell(rules: RegionRules, person: PersonFacts, scene: str, level: str) -> Cell | None:
    """The first cell that matches; None = this scene has no benefit here."""
    wanted = (person.insutype, scene, level, person.psn)
    for cell in rules.cells:
        has = (cell.insutype, cell.scene, cell.level, cell.psn)
        if all(have in ("*", want) for have, want in zip(has, wanted, strict=True)):
            return cell
    return None


def settle(
    scope: Scope,
    person: PersonFacts,
    before: Accumulators,
    accounts: Accounts,
    book: RuleBook,
    *,
    med_type: str,
    remote: str = "",
    hosp_part_fen: int = 0,
) -> Settlement:
    """Steps 5 to 13 of DOMAIN §3.1. Pure; asserts both money identities before it returns."""
    rules = book.rules
    scene = SCENES.get(med_type, "none")
    cell = find_cell(rules, person, scene, book.level)
    if cell is None:
        cell = Cell(person.insutype, scene, book.level, person.psn, ratio="0")
    factor = ratio(rules.remote_factor.get(remote, "1")) if remote else Fraction(1)
    share_of = ratio(cell.ratio) * factor
    dedc, hifp, hifob = _basic(scope, cell, scene, before, share_of)
    compliant = scope.inscp_scp_amt_fen - hifp - hifob + scope.preselfpay_amt_fen
    hifmi = _serious(rules.serious.get(person.insutype), before.compliant_selfpay_fen, compliant)
    hifmi = min(hifmi, compliant)
    left = max(0, scope.inscp_scp_amt_fen - hifp - hifob - hifmi)
    cvlserv = share(left, ratio(rules.cvlserv_ratio)) if person.cvlserv else 0
    left -= cvlserv
    aid = max((ratio(rules.maf_ratio.get(kind, "0")) for kind in person.idet_types), default=None)
    maf = share(left, aid) if aid is not None else 0
    fund = hifp + hifob + hifmi + cvlserv + maf
    hosp = min(hosp_part_fen, scope.medfee_sumamt_fen - fund)
    personal = scope.medfee_sumamt_fen - fund - hosp
    acct, given = _accounts(scope, personal, accounts, rules.acct_scope)
    split = Split(
        medfee_sumamt_fen=scope.medfee_sumamt_fen,
        fulamt_ownpay_amt_fen=scope.fulamt_ownpay_amt_fen,
        overlmt_selfpay_fen=scope.overlmt_selfpay_fen,
        preselfpay_amt_fen=scope.preselfpay_amt_fen,
        inscp_scp_amt_fen=scope.inscp_scp_amt_fen,
        act_pay_dedc_fen=dedc,
        hifp_pay_fen=hifp,
        hifmi_pay_fen=hifmi,
        hifob_pay_fen=hifob,
        cvlserv_pay_fen=cvlserv,
        maf_pay_fen=maf,
        fund_pay_sumamt_fen=fund,
        acct_pay_fen=acct,
        acct_mulaid_pay_fen=sum(given),
        psn_cash_pay_fen=personal - acct - sum(given),
        hosp_part_amt_fen=hosp,
        balc_fen=accounts.own_fen - acct,
    )
    check_split(split)
    return Settlement(
        split=split,
        funds=_fund_lines(split, person.insutype),
        relatives_fen=given,
        ratio=f"{float(share_of):.4f}",
        after=_after(before, scene, cell, split, compliant),
    )


def _basic(
    scope: Scope, cell: Cell, scene: str, before: Accumulators, share_of: Fraction
) -> tuple[int, int, int]:
    """Steps 5, 6 and the employee half of 7: deductible, basic fund, and what 大额 pays above the
    cap.
    """
    used = before.outpatient_dedc_fen if cell.deductible_per == "year" else 0
    dedc = min(scope.inscp_scp_amt_fen, max(0, cell.deductible_fen - used))
    wanted = (scope.inscp_scp_amt_fen - dedc) * share_of
    if cell.cap_fen is None:
        return dedc, half_up(wanted), 0
    spent = before.inpatient_fund_fen if scene == "inpatient" else before.outpatient_fund_fen
    room = max(0, cell.cap_fen - spent)
    if half_up(wanted) <= room:
        return dedc, half_up(wanted), 0
    # the in-scope part that the basic fund did not reach: what it would have taken to use up the
    # room is served
    served = Fraction(room) / share_of
    beyond = scope.inscp_scp_amt_fen - dedc - served
    return dedc, room, half_up(beyond * ratio(cell.above_cap_ratio))


def _serious(rule: Serious | None, before_fen: int, now_fen: int) -> int:
    """Step 7 for residents: tiers on the year's compliant self-pay, the part that this settlement
    adds.
    """
    if rule is None:
        return 0

    def paid(accumulated_fen: int) -> Fraction:
        start, sum_paid = rule.line_fen, Fraction(0)
        for tier in rule.tiers:
            end = accumulated_fen if tier.to_fen is None else min(accumulated_fen, tier.to_fen)
            if end > start:
                sum_paid += (end - start) * ratio(tier.ratio)
                start = end
        return sum_paid

    return half_up(paid(before_fen + now_fen) - paid(before_fen))


def _accounts(
    scope: Scope, personal_fen: int, accounts: Accounts, acct_scope: str
) -> tuple[int, tuple[int, ...]]:
    """Steps 11 and 12: own account, then relatives in order, within the eligible part."""
    relatives = accounts.relatives_fen[:RELATIVES_MAX]
    if not accounts.used:
        return 0, (0,) * len(relatives)
    eligible = personal_fen
    if acct_scope == "inscope_selfpay":
        outside = scope.fulamt_ownpay_amt_fen + scope.overlmt_selfpay_fen
        eligible = max(0, personal_fen - outside)
    acct = min(accounts.own_fen, eligible)
    left, given = eligible - acct, []
    for balance in relatives:
        given.append(min(balance, left))
        left -= given[-1]
    return acct, tuple(given)


def _fund_lines(split: Split, insutype: str) -> tuple[FundLine, ...]:
    basic = FUND_TYPES["hifp_390"] if insutype.startswith("39") else FUND_TYPES["hifp_310"]
    paid = (
        (basic, split.hifp_pay_fen),
        (FUND_TYPES["hifob"], split.hifob_pay_fen),
        (FUND_TYPES["hifmi"], split.hifmi_pay_fen),
        (FUND_TYPES["cvlserv"], split.cvlserv_pay_fen),
        (FUND_TYPES["maf"], split.maf_pay_fen),
    )
    scope = split.inscp_scp_amt_fen
    return tuple(FundLine(kind, scope, amount) for kind, amount in paid if amount > 0)


def _after(
    before: Accumulators, scene: str, cell: Cell, split: Split, compliant_fen: int
) -> Accumulators:
    yearly = cell.deductible_per == "year"
    inpatient = scene == "inpatient"
    return Accumulators(
        outpatient_dedc_fen=before.outpatient_dedc_fen + (split.act_pay_dedc_fen if yearly else 0),
        outpatient_fund_fen=before.outpatient_fund_fen + (0 if inpatient else split.hifp_pay_fen),
        inpatient_fund_fen=before.inpatient_fund_fen + (split.hifp_pay_fen if inpatient else 0),
        compliant_selfpay_fen=before.compliant_selfpay_fen + compliant_fen,
        personal_fen=before.personal_fen
        + split.medfee_sumamt_fen
        - split.fund_pay_sumamt_fen
        - split.hosp_part_amt_fen,
    )
