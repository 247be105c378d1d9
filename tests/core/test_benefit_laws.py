"""What must hold for every bill, whatever the rules say: drawn cases against the shipped rules of both
provinces.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from edge.core import benefit as b
from edge.core.books import dialects
from edge.core.money import FUNDS, check_split, split_fields
from edge.core.types import FeeLine
from sim.centre.books import rules

REGION = {name: rules.load(name) for name in ("510100", "500100")}
CODES = sorted({code for one in REGION.values() for code in one.catalogue} | {"NOBODY-KNOWS"})
FEN = st.integers(0, 30_000_00)
LINES = st.lists(
    st.tuples(st.sampled_from(CODES), st.integers(0, 2_000_00), st.sampled_from(["1", "2", "0.5"])),
    min_size=1,
    max_size=5,
)
PEOPLE = st.builds(
    b.PersonFacts,
    st.sampled_from(["310", "390"]),
    st.sampled_from(["active", "retired", "resident"]),
    st.booleans(),
    st.sampled_from([(), ("low_income",), ("destitute",)]),
    st.integers(0, 100),
)
YEARS = st.builds(b.Accumulators, FEN, FEN, FEN, FEN, FEN, FEN, FEN)
POCKETS = st.builds(b.Accounts, FEN, st.lists(FEN, max_size=3).map(tuple), st.booleans())
CARE, HOME = st.sampled_from(sorted(REGION)), st.sampled_from(sorted(REGION))
LEVELS = st.sampled_from(rules.LEVELS)
WHAT = st.sampled_from([("11", ""), ("21", ""), ("41", ""), ("14", "chronic"), ("99", "")])
REMOTE = st.sampled_from(["", "filed_long_term", "referral", "unfiled"])
CASES = st.fixed_dictionaries(
    {
        "lines": LINES, "person": PEOPLE, "before": YEARS, "pockets": POCKETS, "care": CARE,
        "home": HOME, "level": LEVELS, "what": WHAT, "remote": REMOTE,
    }
)  # fmt: skip


def bill(lines: list[tuple[str, int, str]]) -> tuple[FeeLine, ...]:
    return tuple(
        FeeLine(str(number), code, code, amount, cnt)
        for number, (code, amount, cnt) in enumerate(lines)
    )


def settle(case: dict[str, Any]) -> b.Settlement:
    care, home, person = REGION[case["care"]], REGION[case["home"]], case["person"]
    parts = b.split_lines(bill(case["lines"]), care.catalogue, person.insutype, case["level"])
    med_type, scene = case["what"]
    return b.settle(
        b.total(parts),
        person,
        case["before"],
        case["pockets"],
        care.away_book(home, case["level"]),
        med_type=med_type,
        remote=case["remote"],
        scene=scene,
    )


@settings(max_examples=150, deadline=None)
@given(CASES)
def test_both_identities_hold_for_every_bill(case: dict[str, Any]) -> None:
    done = settle(case)
    check_split(done.split)
    assert sum(line.fund_payamt_fen for line in done.funds) == done.split.fund_pay_sumamt_fen
    assert done.split.medfee_sumamt_fen == sum(amount for _, amount, _ in case["lines"])
    before, after = asdict(case["before"]), asdict(done.after)
    assert all(after[name] >= before[name] for name in before), "a year only grows"


@settings(max_examples=150, deadline=None)
@given(CASES, st.integers(0, 4), st.integers(1, 500_00))
def test_a_dearer_line_never_makes_anybody_pay_less(
    case: dict[str, Any], which: int, more_fen: int
) -> None:
    first = settle(case).split
    lines = list(case["lines"])
    at = which % len(lines)
    code, amount, cnt = lines[at]
    lines[at] = (code, amount + more_fen, cnt)
    second = settle(case | {"lines": lines}).split
    assert second.fund_pay_sumamt_fen >= first.fund_pay_sumamt_fen
    assert second.psn_cash_pay_fen >= first.psn_cash_pay_fen
    own = [one.medfee_sumamt_fen - one.fund_pay_sumamt_fen for one in (first, second)]
    assert own[1] >= own[0]


@settings(max_examples=100, deadline=None)
@given(CASES)
def test_the_two_dialects_agree_on_what_everybody_pays(case: dict[str, Any]) -> None:
    split = settle(case).split
    plain = split_fields(split)
    told = [
        dialects.tell(dialects.Dialect(acct=acct, hosp=True), plain) for acct in (True, False)
    ]
    assert dialects.read(told[0]) == dialects.read(told[1]) == split
    assert told[0]["psn_cash_pay"] == told[1]["psn_cash_pay"]
    account = split.acct_pay_fen + split.acct_mulaid_pay_fen
    assert (told[0] == told[1]) == (account == 0), "the account's money is all that differs"
    for info in told:
        assert dialects.funds_fen(info) == sum(getattr(split, name) for name in FUNDS)
