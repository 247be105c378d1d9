"""F21 撤销/退费: 2208 and 2103 give every fen back to where it came from, in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.types import BillStatus
from sim import stage
from sim.centre.books import store
from sim.centre.books.people import PersonSpec
from tests.centre.kit import rows_of

LI = PersonSpec("SYN-L", "测试李", balance_fen=80_00)
ZHANG = PersonSpec(
    "SYN-Z", "测试张", balance_fen=50_00, cards=(("CZ", "03"),), relatives=(("SYN-L", "配偶"),)
)
PLACES = (
    {"fixmedins_code": "H51010000001", "level": "l2"},
    {"fixmedins_code": "P51010000001", "level": "pharmacy"},
)


def money(desk: stage.Counter) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Every account that is not empty and everything that anybody used up."""
    balances = {row["name"]: row["balance_fen"] for row in rows_of(desk.centre, store.accounts)}
    used = [
        row
        for row in rows_of(desk.centre, store.accumulators)
        if any(value for name, value in row.items() if name.endswith("_fen"))
    ]
    return {name: fen for name, fen in balances.items() if fen}, used


@pytest.mark.parametrize(("kind", "place"), [("settle", 0), ("pharmacy", 1)])
def test_f21_a_cancel_restores_own_account_and_the_relative_s(clinic, kind: str, place: int) -> None:
    desk = clinic([LI, ZHANG], *PLACES)[place]
    before = money(desk)
    more = {"med_type": "41"} if kind == "pharmacy" else {}
    desk.until_confirm("B1", 300_00, ZHANG, kind=kind, **more).press("confirm", "online")
    desk.sees("settled").done()
    assert desk.balance("acct:SYN-Z") == 0 and desk.balance("acct:SYN-L") < 80_00
    desk.undo("B1")
    assert desk.of("B1").status is BillStatus.CANCELLED
    assert money(desk) == before
    infno = desk.drafts[-1].body["plan"][0]["infno"]
    assert infno == ("2103" if kind == "pharmacy" else "2208")


def test_f21_another_institution_cannot_undo_it_and_twice_undone_gives_back_once(clinic) -> None:
    desk, other = clinic([LI, ZHANG], *PLACES)
    before = money(desk)
    desk.until_confirm("B1", 300_00, ZHANG).press("confirm", "online").done()
    setl_id = desk.of("B1").setl_id
    no = other.device.do(other.device.cancel(setl_id, "B1"))
    assert no.body["code"] == "setl_unknown" and desk.balance("acct:SYN-Z") == 0
    desk.undo("B1")
    again = desk.device.do(desk.device.cancel(setl_id, "B1"))
    assert str(again.outcome) == "duplicate" and money(desk) == before


def test_f21_an_undone_bill_can_be_paid_anew_in_another_way(clinic) -> None:
    (desk,) = clinic([LI, ZHANG], PLACES[0])
    desk.until_confirm("B1", 300_00, ZHANG).press("confirm", "online").done().undo("B1")
    desk.until_confirm("B1", 300_00, ZHANG).press("pay").press("choose", "none")
    desk.press("confirm", "online").sees("settled", outcome="settled")
    assert desk.balance("acct:SYN-Z") == 50_00 and desk.balance("acct:SYN-L") == 80_00


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(
        st.tuples(st.integers(1, 400_00), st.sampled_from([0, 1])), min_size=1, max_size=4
    ),
    order=st.randoms(use_true_random=False),
)
def test_f21_no_order_of_cancels_leaves_a_fen(tmp_path_factory, bills, order) -> None:
    desks = stage.clinic(tmp_path_factory.mktemp("undo"), [LI, ZHANG], *PLACES)
    before = money(desks[0])
    made = []
    for number, (amount, place) in enumerate(bills):
        desk, name = desks[place], f"B{number}"
        kind = ("settle", "pharmacy")[place]
        more = {"med_type": "41"} if place else {}
        desk.until_confirm(name, amount, ZHANG, kind=kind, **more).press("confirm", "online").done()
        made.append((desk, name))
    order.shuffle(made)
    for desk, name in made:
        desk.undo(name)
        assert desk.of(name).status is BillStatus.CANCELLED
    assert money(desks[0]) == before
    stage.books_are_even(desks)
