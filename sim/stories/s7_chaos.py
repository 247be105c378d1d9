"""The seventh of the nine: 2207 is carried out and its answer is lost; UNKNOWN, 2601, 3201."""

from __future__ import annotations

from edge.core.types import BillStatus
from sim.stage import bill
from sim.stories.f22_end_of_day import CAST, PLACES, lost
from sim.stories.tell import Tell

TITLE = (
    "2207没有回音：不当失败，不再收费，查询、冲正、对平",
    "No answer to 2207: not a failure, not charged twice; asked, reversed, and the day agrees",
)


def play(tell: Tell) -> None:
    """Twice: once the staff take it back, once the answer comes after all."""
    one, two, three = CAST
    with tell.town("2026-11-18 08:30", CAST, PLACES) as town:
        desk = town.desks["clinic"]
        lost(tell, desk, three)

        tell.comes(desk, bill("settle", "B5", "SYN-A-0001 90.00"), one)
        tell.does("这次连去的路也断了", "This time the way there is cut as well")
        desk.lost = "before"
        desk.press("confirm").wait(9_000)
        tell.sees(desk, "confirming")
        desk.done()
        tell.does("终端突然断电，再启动", "The plug is pulled; the terminal starts again")
        desk.boot()
        desk.connect()
        tell.holds("账单还在，还是“结果确认中”", "the bill is there and still unknown",
                   desk.of("B5").status is BillStatus.CONFIRMING)  # fmt: skip
        tell.does("网络恢复，原来的记录原样再发", "The network is back: the same record is sent again")
        desk.catch_up()
        tell.holds("结算一次", "settled, once", desk.of("B5").status is BillStatus.SETTLED
                   and desk.balance(f"acct:{one.spec.psn_no}") == 410_00)  # fmt: skip
        tell.pays(desk, bill("settle", "B6", "SYN-A-0001 60.00"), two)
        tell.does("日终对账（3201）", "The end of the day (3201)")
        day = desk.close_day()
        tell.holds("与中心对平", "equal to the centre's", day.state == "reconciled")
