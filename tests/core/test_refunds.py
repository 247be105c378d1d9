"""What an inpatient gives back is netted: never more than was charged, never of another thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import benefit
from edge.core.benefit.rules import Item
from edge.core.types import FeeLine
from edge.errors import EdgeError


def line(number: str, cnt: str, fen: int, of: str = "", code: str = "A") -> FeeLine:
    return FeeLine(number, code, "x", fen, cnt, "", of)


@given(
    st.integers(1, 40), st.integers(1, 9_999), st.lists(st.integers(1, 12), max_size=6)
)
def test_parts_given_back_leave_the_rest_to_the_fen(cnt: int, price: int, backs: list[int]) -> None:
    rows = [line("1", str(cnt), cnt * price)]
    rows += [line(f"b{n}", f"-{one}", -one * price, "1") for n, one in enumerate(backs)]
    left = cnt - sum(backs)
    if left < 0:
        with pytest.raises(EdgeError, match="more is given back"):
            benefit.net(rows)
        return
    found = benefit.net(rows)
    assert [(one.cnt, one.amount_fen) for one in found] == ([(str(left), left * price)] if left else [])
    limited = benefit.split_lines(found, {"A": Item("1", limit_fen=100)})
    assert sum(one.overlmt_selfpay_fen for one in limited) == max(0, left * (price - 100))


@pytest.mark.parametrize(
    "back",
    [
        line("2", "-1", -100, "9"),  # of nothing
        line("2", "-1", -100, "1", code="B"),  # of another thing
        line("2", "-1", -201, "1"),  # more money
        line("2", "-3", -100, "1"),  # more of it
        line("2", "-2", -100, "1"),  # all of it for half the money
        line("2", "-1", 100, "1"),  # not below zero
    ],
)
def test_what_was_not_charged_is_not_given_back(back: FeeLine) -> None:
    with pytest.raises(EdgeError) as caught:
        benefit.net([line("1", "2", 200), back])
    assert caught.value.code == "E-TX-15"


def test_a_half_stays_a_half_and_the_order_does_not_matter() -> None:
    rows = [line("2", "-0.5", -50, "1"), line("1", "2", 200), line("3", "1.2500", 125)]
    assert [(one.feedetl_sn, one.cnt) for one in benefit.net(rows)] == [("1", "1.5"), ("3", "1.2500")]
