"""The three golden cases of DOMAIN §3.1, to the fen, and what must hold for every settlement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core import benefit as b
from edge.core.money import check_split
from edge.core.types import FeeLine
from edge.errors import EdgeError

CHENGDU = b.RegionRules(
    region="510100",
    cells=(
        b.Cell("310", "outpatient", "l3", "active", "0.50", 200_00, "year", 2_000_00),
        b.Cell("310", "outpatient", "l3", "retired", "0.60", 150_00, "year", 2_500_00),
        b.Cell("310", "pharmacy", "*", "retired", "0.60", 150_00, "year", 2_500_00),
        b.Cell("310", "inpatient", "l3", "active", "0.85", 800_00, "visit", 450_000_00, "0.90"),
        b.Cell("390", "outpatient", "community", "*", "0.60", 0, "year", 200_00),
        b.Cell("390", "inpatient", "l3", "*", "0.68", 500_00, "visit", 240_000_00),
    ),
    serious={
        "390": b.Serious(
            18_000_00,
            (b.Tier(68_000_00, "0.60"), b.Tier(118_000_00, "0.70"), b.Tier(None, "0.80")),
        )
    },
    remote_factor={"referral": "0.9"},
    maf_ratio={"low": "0.5"},
    cvlserv_ratio="0.5",
)
CATALOGUE = {
    "A1": b.Item("1"),
    "B1": b.Item("2", "0.10"),
    "X1": b.Item("1", limit_fen=280_00),
    "C1": b.Item("3"),
}
BOOK_L3 = b.RuleBook(CHENGDU, CATALOGUE, "l3")


def test_golden_case_a_employee_outpatient_to_the_fen() -> None:
    lines = b.split_lines(
        (
            FeeLine("1", "A1", "甲药", 120_00),
            FeeLine("2", "B1", "乙药", 200_00),
            FeeLine("3", "X1", "检查", 300_00),
            FeeLine("4", "C1", "丙", 80_00),
        ),
        CATALOGUE,
    )
    scope = b.total(lines)
    assert scope == b.Scope(700_00, 80_00, 20_00, 20_00, 580_00)
    done = b.settle(
        scope,
        b.PersonFacts("310", "active"),
        b.Accumulators(outpatient_dedc_fen=100_00),
        b.Accounts(300_00, (100_00,)),
        BOOK_L3,
        med_type="11",
    )
    split = done.split
    assert (split.act_pay_dedc_fen, split.hifp_pay_fen) == (100_00, 240_00)
    assert (split.acct_pay_fen, split.acct_mulaid_pay_fen, split.psn_cash_pay_fen) == (
        300_00,
        60_00,
        100_00,
    )
    assert done.ratio == "0.5000" and done.relatives_fen == (60_00,)
    proc = "510100 310/outpatient/l3/active 0.5000 D"  # which row paid, and how sure it is
    assert done.funds == (b.FundLine("310100", 580_00, 240_00, proc),)
    assert done.after.outpatient_dedc_fen == 200_00 and done.after.outpatient_fund_fen == 240_00


def test_golden_case_b_retired_pharmacy_stops_at_the_cap() -> None:
    done = b.settle(
        b.Scope(400_00, 0, 0, 0, 400_00),
        b.PersonFacts("310", "retired"),
        b.Accumulators(outpatient_dedc_fen=150_00, outpatient_fund_fen=2_400_00),
        b.Accounts(120_00),
        BOOK_L3,
        med_type="41",
    )
    split = done.split
    assert (split.act_pay_dedc_fen, split.hifp_pay_fen) == (0, 100_00)
    assert (split.acct_pay_fen, split.psn_cash_pay_fen, split.balc_fen) == (120_00, 180_00, 0)


def test_golden_case_c_resident_inpatient_with_serious_illness() -> None:
    done = b.settle(
        b.Scope(60_000_00, 3_000_00, 500_00, 4_500_00, 52_000_00),
        b.PersonFacts("390", "resident"),
        b.Accumulators(),
        b.Accounts(),
        BOOK_L3,
        med_type="21",
    )
    split = done.split
    assert (split.act_pay_dedc_fen, split.hifp_pay_fen) == (500_00, 35_020_00)
    assert split.hifmi_pay_fen == 2_088_00
    assert split.psn_cash_pay_fen == 22_892_00
    assert done.after.compliant_selfpay_fen == 21_480_00
    assert done.after.personal_fen * 2 > 32_514_00  # F33: more than half of the year's income
    assert [line.fund_pay_type for line in done.funds] == ["390100", "390200"]


def test_serious_illness_paid_in_two_visits_equals_one() -> None:
    def pay(before: b.Accumulators, amount_fen: int) -> b.Settlement:
        return b.settle(
            b.Scope(amount_fen, 0, 0, amount_fen, 0),
            b.PersonFacts("390", "resident"),
            before,
            b.Accounts(),
            BOOK_L3,
            med_type="21",
        )

    whole = pay(b.Accumulators(), 130_000_00).split.hifmi_pay_fen
    first = pay(b.Accumulators(), 70_000_00)
    second = pay(first.after, 60_000_00)
    assert whole == 50_000_00 * 60 // 100 + 50_000_00 * 70 // 100 + 12_000_00 * 80 // 100
    assert first.split.hifmi_pay_fen + second.split.hifmi_pay_fen == whole


def test_above_the_cap_the_large_amount_fund_pays_its_ratio() -> None:
    done = b.settle(
        b.Scope(100_800_00, 0, 0, 0, 100_800_00),
        b.PersonFacts("310", "active"),
        b.Accumulators(inpatient_fund_fen=450_000_00 - 8_500_00),
        b.Accounts(),
        BOOK_L3,
        med_type="21",
    )
    assert done.split.hifp_pay_fen == 8_500_00
    assert done.split.hifob_pay_fen == 90_000_00 * 90 // 100


def test_civil_servant_then_medical_aid_pay_from_what_is_left_in_scope() -> None:
    done = b.settle(
        b.Scope(1_000_00, 0, 0, 0, 1_000_00),
        b.PersonFacts("390", "resident", cvlserv=True, idet_types=("low", "other")),
        b.Accumulators(),
        b.Accounts(),
        b.RuleBook(CHENGDU, {}, "community"),
        med_type="11",
    )
    assert done.split.hifp_pay_fen == 200_00  # the resident's yearly cap
    assert (done.split.cvlserv_pay_fen, done.split.maf_pay_fen) == (400_00, 200_00)
    assert done.split.psn_cash_pay_fen == 200_00


def test_unknown_codes_and_unknown_scenes_are_paid_in_full() -> None:
    (line,) = b.split_lines((FeeLine("1", "NOPE", "?", 50_00),), CATALOGUE)
    assert line.fulamt_ownpay_amt_fen == 50_00
    done = b.settle(
        b.Scope(50_00, 0, 0, 0, 50_00),
        b.PersonFacts("310", "active"),
        b.Accumulators(),
        b.Accounts(used=False),
        BOOK_L3,
        med_type="99",
    )
    assert done.split.fund_pay_sumamt_fen == 0 and done.split.psn_cash_pay_fen == 50_00


def test_referral_reduces_the_ratio() -> None:
    done = b.settle(
        b.Scope(100_00, 0, 0, 0, 100_00),
        b.PersonFacts("310", "active"),
        b.Accumulators(outpatient_dedc_fen=200_00),
        b.Accounts(),
        BOOK_L3,
        med_type="11",
        remote="referral",
    )
    assert done.split.hifp_pay_fen == 45_00 and done.ratio == "0.4500"


@pytest.mark.parametrize("rules", [{}, {"rules": {"region": "x", "cells": [{"insutype": "1"}]}}])
def test_malformed_rules_are_named_not_guessed(rules: dict[str, object]) -> None:
    with pytest.raises(EdgeError, match="E-POL-05"):
        b.rulebook(rules)


FEN = st.integers(0, 300_000_00)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.tuples(FEN, FEN, FEN, FEN),
    before=st.builds(b.Accumulators, FEN, FEN, FEN, FEN, FEN),
    accounts=st.builds(b.Accounts, FEN, st.lists(FEN, max_size=3).map(tuple), st.booleans()),
    insutype=st.sampled_from(["310", "390"]),
    psn=st.sampled_from(["active", "retired", "resident"]),
    med_type=st.sampled_from(["11", "21", "41", "99"]),
    idets=st.sampled_from([(), ("low",)]),
    remote=st.sampled_from(["", "referral"]),
    hosp=st.integers(0, 1_000_00),
)
def test_both_identities_hold_for_any_case(
    parts, before, accounts, insutype, psn, med_type, idets, remote, hosp
) -> None:  # type: ignore[no-untyped-def]
    done = b.settle(
        b.Scope(sum(parts), *parts),
        b.PersonFacts(insutype, psn, idet_types=idets, cvlserv=bool(idets)),
        before,
        accounts,
        BOOK_L3,
        med_type=med_type,
        remote=remote,
        hosp_part_fen=hosp,
    )
    check_split(done.split)
    assert sum(line.fund_payamt_fen for line in done.funds) == done.split.fund_pay_sumamt_fen
    assert done.split.acct_mulaid_pay_fen == sum(done.relatives_fen)
