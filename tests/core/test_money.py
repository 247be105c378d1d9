"""Money never becomes a float, never loses a fen, and text that is not an amount is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import money
from edge.core.types import Split
from edge.errors import EdgeError


@given(st.integers(-money.FEN_MAX + 1, money.FEN_MAX - 1))
def test_an_amount_written_and_read_is_the_same(amount_fen: int) -> None:
    assert money.fen(money.yuan(amount_fen)) == amount_fen


@pytest.mark.parametrize(
    ("text", "amount_fen"), [("12", 1200), ("12.3", 1230), ("-0.05", -5), ("0.00", 0)]
)
def test_short_writings_are_understood(text: str, amount_fen: int) -> None:
    assert money.fen(text) == amount_fen


@pytest.mark.parametrize(
    "text",
    ["", "-", ".5", "1.234", "1e3", "01", "1,000.00", " 1", "1\n", "NaN", "٣", "9" * 30, "1" * 16],
)
def test_text_that_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(EdgeError, match="E-TX-06"):
        money.fen(text)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(3, 2), 2),
        (Fraction(-1, 2), -1),
        (Fraction(149, 100), 1),
        (Fraction(7), 7),
        (Fraction(0), 0),
        (Fraction(-7, 5), -1),
    ],
)
def test_halves_round_away_from_zero(value: Fraction, rounded: int) -> None:
    assert money.half_up(value) == rounded


def test_a_ratio_means_its_decimal_writing() -> None:
    assert money.ratio(0.1) == Fraction(1, 10) == money.ratio("0.10")
    for bad in ("1.1", "-0.1", "x", float("nan")):
        with pytest.raises(EdgeError, match="E-TX-07"):
            money.ratio(bad)


def test_a_split_that_does_not_add_up_is_caught() -> None:
    good = Split(100, 0, 0, 0, 100, 0, 60, fund_pay_sumamt_fen=60, psn_cash_pay_fen=40)
    money.check_split(good)
    assert money.split_from(money.split_fields(good)) == good
    assert money.split_fields(good)["psn_part_amt"] == "0.40"
    fields = {**money.split_fields(good), "psn_cash_pay": "0.41"}
    with pytest.raises(EdgeError, match="E-TX-08"):
        money.split_from(fields)
    with pytest.raises(AssertionError):
        money.check_split(Split(100, 0, 0, 0, 99, 0, 0, psn_cash_pay_fen=100))
