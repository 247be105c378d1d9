"""Steps 5 to 13 of DOMAIN §3.1: one settlement. Pure; both money identities are asserted."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from msgspec import Struct

from edge.core.benefit.facts import (
    Accounts,
    Accumulators,
    FundLine,
    PersonFacts,
    Scope,
    Settlement,
)
from edge.core.benefit.rules import (
    FUND_TYPES,
    RELATIVES_MAX,
    SCENES,
    Cell,
    RegionRules,
    RuleBook,
    Serious,
    find_bonus,
    find_cell,
    worst,
)
from edge.core.money import check_split, half_up, ratio, share
from edge.core.types import Split

POTS: Final = {"inpatient": "inpatient", "chronic": "chronic", "chronic_major": "chronic"}


class Rate(Struct, frozen=True):
    """What one settlement is worked out with: the cell, its share, the accumulators it uses."""

    cell: Cell
    scene: str
    pot: str  # outpatient, inpatient or chronic
    share_of: Fraction
    grade: str


def _rate(
    person: PersonFacts, book: RuleBook, med_type: str, scene: str, remote: str
) -> Rate:
    rules = book.rules
    scene = scene or SCENES.get(med_type, "none")
    cell = find_cell(rules, person.insutype, person.psn, scene, book.level)
    grade = cell.grade if cell is not None else ""
    if cell is None:
        cell = Cell(person.insutype, scene, book.level, person.psn, ratio="0")
    share_of = ratio(cell.ratio)
    if share_of:  # where nothing is paid there is nothing to add to
        more, of = find_bonus(rules, person.insutype, person.psn, scene, person.age)
        share_of, grade = min(Fraction(1), share_of + more), worst(grade, of)
    if remote:
        share_of *= ratio(rules.remote_factor.get(remote, "1"))
        grade = worst(grade, rules.other_grades.get("remote_factor", "D"))
    return Rate(cell, scene, POTS.get(scene, "outpatient"), share_of, grade)


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
    scene: str = "",
) -> Settlement:
    """Steps 5 to 13 of DOMAIN §3.1. `scene` overrides that of the med_type (a disease has its own);
    `remote` is the kind of filing of a person who is insured elsewhere.
    """
    rules = book.rules
    rate = _rate(person, book, med_type, scene, remote)
    dedc, hifp, hifob = _basic(scope, rate, before)
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
    funds = _fund_lines(split, person, rules, rate)
    return Settlement(
        split=split,
        funds=funds,
        relatives_fen=given,
        ratio=f"{float(rate.share_of):.4f}",
        after=_after(before, rate, split, compliant),
        grade=worst(rate.grade, *(line.proc[-1:] for line in funds)),
    )


def _basic(scope: Scope, rate: Rate, before: Accumulators) -> tuple[int, int, int]:
    """Steps 5, 6 and the employee half of 7: deductible, basic fund, and what 大额 pays above the
    cap.
    """
    cell, share_of = rate.cell, rate.share_of
    used = 0
    if cell.deductible_per == "year":
        chronic = rate.pot == "chronic"
        used = before.chronic_dedc_fen if chronic else before.outpatient_dedc_fen
    dedc = min(scope.inscp_scp_amt_fen, max(0, cell.deductible_fen - used))
    wanted = (scope.inscp_scp_amt_fen - dedc) * share_of
    if cell.cap_fen is None:
        return dedc, half_up(wanted), 0
    spent = {
        "inpatient": before.inpatient_fund_fen,
        "chronic": before.chronic_fund_fen,
    }.get(rate.pot, before.outpatient_fund_fen)
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


def eligible_fen(scope: Scope | Split, personal_fen: int, acct_scope: str) -> int:
    """What account money may pay of a person's own part (DOMAIN §3.1 step 11)."""
    if acct_scope != "inscope_selfpay":
        return personal_fen
    return max(0, personal_fen - scope.fulamt_ownpay_amt_fen - scope.overlmt_selfpay_fen)


def _accounts(
    scope: Scope, personal_fen: int, accounts: Accounts, acct_scope: str
) -> tuple[int, tuple[int, ...]]:
    """Steps 11 and 12: own account, then relatives in order, within the eligible part."""
    relatives = accounts.relatives_fen[:RELATIVES_MAX]
    if not accounts.used:
        return 0, (0,) * len(relatives)
    eligible = eligible_fen(scope, personal_fen, acct_scope)
    acct = min(accounts.own_fen, eligible)
    left, given = eligible - acct, []
    for balance in relatives:
        given.append(min(balance, left))
        left -= given[-1]
    return acct, tuple(given)


def _fund_lines(
    split: Split, person: PersonFacts, rules: RegionRules, rate: Rate
) -> tuple[FundLine, ...]:
    basic = FUND_TYPES["hifp_390"] if person.insutype.startswith("39") else FUND_TYPES["hifp_310"]
    serious = rules.serious.get(person.insutype)
    cell, other = rate.cell, rules.other_grades
    where = f"{rules.region} {person.insutype}/{rate.scene}/{cell.level}/{person.psn}"
    paid = (
        (basic, split.hifp_pay_fen, f"{float(rate.share_of):.4f}", rate.grade),
        (FUND_TYPES["hifob"], split.hifob_pay_fen, cell.above_cap_ratio, cell.grade),
        (FUND_TYPES["hifmi"], split.hifmi_pay_fen, "tiers", serious.grade if serious else ""),
        (FUND_TYPES["cvlserv"], split.cvlserv_pay_fen, rules.cvlserv_ratio, other.get("cvlserv")),
        (FUND_TYPES["maf"], split.maf_pay_fen, "idet", other.get("maf")),
    )
    scope = split.inscp_scp_amt_fen
    return tuple(
        FundLine(kind, scope, amount, f"{where} {by} {grade or 'D'}")
        for kind, amount, by, grade in paid
        if amount > 0
    )


def _after(before: Accumulators, rate: Rate, split: Split, compliant_fen: int) -> Accumulators:
    dedc = split.act_pay_dedc_fen if rate.cell.deductible_per == "year" else 0
    hifp, pot = split.hifp_pay_fen, rate.pot
    chronic = pot == "chronic"
    return Accumulators(
        outpatient_dedc_fen=before.outpatient_dedc_fen + (0 if chronic else dedc),
        outpatient_fund_fen=before.outpatient_fund_fen + (hifp if pot == "outpatient" else 0),
        inpatient_fund_fen=before.inpatient_fund_fen + (hifp if pot == "inpatient" else 0),
        compliant_selfpay_fen=before.compliant_selfpay_fen + compliant_fen,
        personal_fen=before.personal_fen
        + split.medfee_sumamt_fen
        - split.fund_pay_sumamt_fen
        - split.hosp_part_amt_fen,
        chronic_dedc_fen=before.chronic_dedc_fen + (dedc if chronic else 0),
        chronic_fund_fen=before.chronic_fund_fen + (hifp if chronic else 0),
    )
