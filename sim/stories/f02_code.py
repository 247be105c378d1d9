"""F02 扫码付."""

from __future__ import annotations

from edge.core import events as e
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import bill, link_lost
from sim.stories.tell import Role, Tell

TITLE = (
    "扫码付：医保码一次有效，过期、用过、别处的码都不行",
    "Code: good once and for a minute; an old, used or foreign one is refused, and none without the network",
)
WANG = Role(PersonSpec("SYN-W", "王测试", balance_fen=80_00, cards=(("CW", "03"),)), "王女士", "Ms Wang")
PLACES = {"clinic": {"fixmedins_code": "H51010000001", "level": "community"}}
OLD_MS = 10 * 60_000
FEE = "SYN-A-0001 60.00"


def play(tell: Tell) -> None:
    """One code that pays, and four that do not."""
    with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
        desk = town.desks["clinic"]
        store = town.centre.store
        tell.does("王女士来付门诊单，在手机上打开医保码", "Ms Wang comes with a bill and opens her code")
        desk.send(bill("settle", "C1", FEE))
        desk.press("qr")
        tell.sees(desk, "code", main=True)
        code = people.issue_code(store, "SYN-W", desk.now.utc_ms)
        tell.holds("码有28位", "the code has 28 characters", len(code) == 28)
        desk.post(e.CodeSeen(code))
        desk.serve()
        tell.confirms(desk, outcome="settled")

        tries = (
            ("同一个码再用一次", "the same code again", code, "code_used"),
            ("十分钟前的截图", "a screenshot of ten minutes ago",
             people.issue_code(store, "SYN-W", desk.now.utc_ms - OLD_MS), "code_expired"),
            ("给别家医院生成的码", "a code made for another hospital",
             people.issue_code(store, "SYN-W", desk.now.utc_ms, org="H51010000009"), "code_other_org"),
        )  # fmt: skip
        for number, (zh, en, shown, why) in enumerate(tries, start=2):
            tell.does(zh, en)
            desk.send(bill("settle", f"C{number}", FEE))
            desk.press("qr")
            desk.post(e.CodeSeen(shown))
            desk.serve()
            if desk.screen.name == "code":  # a newer code may be shown at once
                tell.sees(desk, "code", problem=why)
                desk.press("cancel").done()
            else:
                tell.refused(desk, why)

        tell.does("网断了", "The network goes")
        link_lost(desk)
        desk.send(bill("settle", "C9", FEE))
        tell.sees(desk, "ways")
        desk.press("qr")
        tell.refused(desk, "offline_way")
        tell.holds("只有一笔记录", "there is one record and no other", len(desk.ledger) == 1)
