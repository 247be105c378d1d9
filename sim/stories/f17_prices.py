"""F17 药品比价."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core import events as e
from edge.core.types import Bill
from sim.centre.books.people import PersonSpec
from sim.centre.prices import books
from sim.centre.prices.books import Spot
from sim.pharmacy import Stockroom
from sim.stage import Counter, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "药品比价：步行15分钟以内最便宜的三家，有没有货，数据有多旧",
    "Prices: the cheapest three within fifteen minutes on foot, what is in stock, how old the figures are",
)
SUN = Role(
    PersonSpec("SYN-S", "孙测试", balance_fen=1_000_00, cards=(("CS", "03"),)), "孙女士", "Ms Sun"
)
SPOTS = {  # invented; 0.001 degrees of latitude are 111 metres
    "a": Spot("城中药房", 30.572, 104.066),
    "b": Spot("城北药房", 30.576, 104.066),
    "c": Spot("城南药房", 30.569, 104.066),
    "d": Spot("城东药房", 30.572, 104.072),
    "far": Spot("郊外药房", 30.700, 104.066),
}
PRICES = {"a": "25.00", "b": "22.00", "c": "22.00", "d": "30.00", "far": "5.00"}
CODES = {name: f"P5101000010{at}" for at, name in enumerate(SPOTS)}
PLACES = {
    name: {"fixmedins_code": CODES[name], "fixmedins_name": spot.name, "level": "pharmacy"}
    for name, spot in SPOTS.items()
}
DRUG = "SYN-A-0001"


def play(tell: Tell) -> None:
    """Sold, counted, asked."""
    with tell.town("2026-11-18 09:00", [SUN], PLACES) as town:
        desk = town.desks["a"]
        for name, spot in SPOTS.items():
            desk.at_centre(books.stands, CODES[name], spot)
            town.desks[name].visit(sale(PRICES[name]), SUN.spec)
        tell.does("五家药店都卖过这种药，价格来自结算（2102）",
                  "Five pharmacies have sold the drug: their prices come from settlements (2102)")  # fmt: skip
        for name, count in (("a", "12"), ("c", "3"), ("b", "40")):
            room = Stockroom(town.centre, town.now, CODES[name])
            room.counts("2026-11-18 08:00:00", (DRUG, "阿莫西林胶囊", count))
        tell.does("三家上传了今早的盘存（3501）", "Three have told this morning's stock (3501)")
        tell.does("孙女士在柜台问：附近哪家便宜？", "Ms Sun asks at the counter who is cheap nearby")
        found = asked(desk)
        tell.sees(desk, "prices", main=True)
        desk.press("done")
        tell.holds("22元两家里近的在前，再是25元；5元的太远",
                   "of the two at ¥22 the nearer first, then ¥25; the one at ¥5 is too far",
                   found == ["城南药房 22.00", "城北药房 22.00", "城中药房 25.00"])  # fmt: skip
        room.counts("2026-11-18 09:00:00", (DRUG, "阿莫西林胶囊", "0"))
        tell.does("城北药房卖完了", "One of them has sold out")
        tell.holds("卖完的不再列出", "who has none is not named any more",
                   asked(desk, show=False) == ["城南药房 22.00", "城中药房 25.00", "城东药房 30.00"])  # fmt: skip


def sale(amount: str) -> Bill:
    """One box of it."""
    made = bill("pharmacy", "B1", f"{DRUG} {amount}")
    return replace(made, lines=(replace(made.lines[0], medins_list_name="阿莫西林胶囊"),))


def asked(desk: Counter, *, show: bool = True) -> list[str]:
    """GET /v1/prices: place and price of each line."""
    desk.calls += 1
    body = {"drug": DRUG, "minutes": 15, "count": 3}
    desk.post(e.Inquired(desk.calls, "prices", body, show))
    desk.serve()
    rows = desk.replies[desk.calls].body["prices"]
    return [f"{row['fixmedins_name']} {row['pric']}" for row in rows]
