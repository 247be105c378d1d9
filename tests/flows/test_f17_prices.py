"""F17 药品比价: what was sold (2102) and counted (3501) becomes a list of prices: the cheapest three within
fifteen minutes, with the age of each figure.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import events as e
from sim.centre.books.people import PersonSpec
from sim.centre.prices import books
from sim.centre.prices.books import Spot, distance_m
from sim.pharmacy import Stockroom
from sim.stage import Counter, Town, bill, link_lost

SUN = PersonSpec("SYN-S", "测试孙", balance_fen=1_000_00, cards=(("CS", "03"),))
NAMES = {"a": "甲药房", "b": "乙药房", "c": "丙药房", "d": "丁药房", "far": "远药房"}
CODES = {name: f"P5101000010{at}" for at, name in enumerate(NAMES)}
# a stands at 30.572 N 104.066 E; 0.001 degrees of latitude are 111 m
SPOTS = {
    "a": Spot("甲药房", 30.572, 104.066),
    "b": Spot("乙药房", 30.576, 104.066),
    "c": Spot("丙药房", 30.569, 104.066),
    "d": Spot("丁药房", 30.572, 104.072),
    "far": Spot("远药房", 30.700, 104.066),
}
DRUG = "SYN-A-0001"


class Day:
    def __init__(self, town: Town) -> None:
        self.town = town
        self.desks: dict[str, Counter] = town.desks
        self.rooms = {name: Stockroom(town.centre, town.now, code) for name, code in CODES.items()}
        for name, code in CODES.items():
            self.desks["a"].at_centre(books.stands, code, SPOTS[name])

    def sells(self, name: str, amount: str, count: str = "1") -> None:
        """Somebody bought it there."""
        desk = self.desks[name]
        sale = bill("pharmacy", f"{name}{desk.calls}", f"{DRUG} {amount}")
        (line,) = sale.lines
        from msgspec.structs import replace

        assert desk.visit(replace(sale, lines=(replace(line, cnt=count),)), SUN).name == "settled"

    def asks(self, minutes: int = 15, count: int = 3, *, drug: str = DRUG, show: bool = False) -> Any:
        """GET /v1/prices at the terminal of a."""
        desk = self.desks["a"]
        desk.calls += 1
        call = desk.calls
        body = {"drug": drug, "minutes": minutes, "count": count}
        desk.post(e.Inquired(call, "prices", body, show))
        desk.serve()
        return desk.replies[call]

    def rows(self, **more: Any) -> list[tuple[str, str]]:
        reply = self.asks(**more)
        assert reply.status == 200, reply.body
        return [(row["fixmedins_name"], row["pric"]) for row in reply.body["prices"]]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    places = {
        name: {"fixmedins_code": code, "fixmedins_name": NAMES[name], "level": "pharmacy"}
        for name, code in CODES.items()
    }
    with Town(tmp_path, "2026-11-18 09:00", [SUN], places) as town:
        yield Day(town)


def test_f17_the_cheapest_three_within_fifteen_minutes(day: Day) -> None:
    for name, amount in (("a", "25.00"), ("b", "22.00"), ("c", "22.00"), ("d", "30.00"), ("far", "5.00")):
        day.sells(name, amount)
    # c is 334 m away and b 445 m: the same price, so the nearer one first; the cheapest is too far
    assert day.rows() == [("丙药房", "22.00"), ("乙药房", "22.00"), ("甲药房", "25.00")]
    assert day.rows(count=10)[-1] == ("丁药房", "30.00")
    assert day.rows(minutes=300, count=1) == [("远药房", "5.00")]
    (first, *_) = day.asks().body["prices"]
    assert (first["distance_m"], first["minutes"]) == (334, 5)
    assert day.rows(minutes=1) == [("甲药房", "25.00")]


def test_f17_the_price_is_of_one_and_the_newest_sale_says_it(day: Day) -> None:
    day.sells("a", "25.00", "2")
    assert day.rows() == [("甲药房", "12.50")]
    day.town.at("2026-11-20 09:00")
    day.sells("a", "13.00")
    assert day.rows() == [("甲药房", "13.00")]


def test_f17_an_inventory_says_what_is_there_and_how_old_that_is(day: Day) -> None:
    day.sells("a", "25.00")
    day.sells("b", "22.00")
    assert day.asks().body["prices"][0]["stock_days"] == -1, "nobody has said"
    assert day.rooms["a"].counts("2026-11-17 20:00:00", (DRUG, "阿莫西林胶囊", "12"))[0] == 0
    assert day.rooms["b"].counts("2026-11-18 08:00:00", (DRUG, "阿莫西林胶囊", "0"))[0] == 0
    (row,) = day.asks().body["prices"]
    assert (row["fixmedins_name"], row["cnt"], row["stock_days"]) == ("甲药房", "12", 0)
    day.rooms["b"].counts("2026-11-17 08:00:00", (DRUG, "阿莫西林胶囊", "50"))  # came late
    assert len(day.asks().body["prices"]) == 1, "an older count changes nothing"

    day.town.at("2026-11-21 09:00")
    (row,) = day.asks().body["prices"]
    assert (row["stock_days"], row["price_days"]) == (3, 3)
    day.town.at("2026-11-26 09:00")  # the inventories are too old to say anything
    assert [one["stock_days"] for one in day.asks().body["prices"]] == [-1, -1]
    day.town.at("2027-03-01 09:00")
    assert day.asks().body["prices"] == [], "and so are the prices"


def test_f17_what_a_stockroom_may_not_say(day: Day) -> None:
    room = day.rooms["a"]
    assert room.counts("2026-11-18 08:00:00", (DRUG, "x", "-1"))[:2] == (-1, "盘存数量不能为负")
    assert room.counts("2026-11-19 08:00:00", (DRUG, "x", "1"))[0] == -1
    assert room.counts("yesterday", (DRUG, "x", "1"))[0] == -1
    both = (DRUG, "x", "5"), ("SYN-B-0001", "y", "-5")
    assert room.counts("2026-11-18 08:00:00", *both)[0] == -1
    with day.town.centre.store.begin() as conn:
        assert conn.execute(books.stocks.select()).all() == [], "all rows or none"


def test_f17_on_the_terminals_own_screen_for_whoever_asks_at_the_counter(day: Day) -> None:
    day.sells("a", "25.00")
    day.sells("b", "22.00")
    assert day.asks(show=True).status == 200
    desk = day.desks["a"].sees("prices", drug=DRUG)
    assert [row["pric"] for row in desk.screen.fields["rows"]] == ["22.00", "25.00"]
    desk.press("done").sees("idle")


def test_f17_what_cannot_be_answered_says_why(day: Day) -> None:
    assert day.rows(drug="SYN-X-9999") == []
    assert day.asks(minutes=0).status == 422 and day.asks(count=51).status == 422
    link_lost(day.desks["a"])
    assert day.asks().status == 503


@given(
    st.floats(-89, 89), st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179)
)
def test_a_distance_is_a_distance(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    one, other = Spot("", lat1, lon1), Spot("", lat2, lon2)
    away = distance_m(one, other)
    assert 0 <= away <= 20_016_000 and distance_m(other, one) == pytest.approx(away, abs=0.01)
    assert distance_m(one, one) == pytest.approx(0, abs=0.01)
