"""The eighth of the nine: F33, the line of half an income."""

from __future__ import annotations

from sim.centre.books import store
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "费用监测：一年自付超过人均可支配收入的一半，中心记下一次",
    "Monitoring: personal cost of a year above half an income is noted at the centre, once",
)
LACKS = "the push list to the civil affairs office (F33) and the matching of low-income people (F32)"
NEAR = 16_200_00  # of half of 32,514.00
SUN = Role(
    PersonSpec(
        "SYN-S", "孙测试", insutype="390", psn_type="1401", cards=(("CS", "03"),), year=2026,
        accumulated={"personal_fen": NEAR, "outpatient_fund_fen": 200_00},
    ),
    "孙女士", "Ms Sun",
)  # fmt: skip
PLACES = {"hospital": {"fixmedins_code": "H51010000003", "level": "l3"}}


def play(tell: Tell) -> None:
    """Two bills: one crosses the line, the other is beyond it."""
    with tell.town("2026-11-18 09:00", [SUN], PLACES) as town:
        desk = town.desks["hospital"]
        line = town.centre.region.monitor.line_fen()
        tell.holds(f"监测线：{line / 100:.2f}元（C级数据）", f"the line: ¥{line / 100:.2f} (grade C)", line == 16_257_00)
        tell.does(f"孙女士今年已经自付{NEAR / 100:.2f}元", f"Ms Sun has paid ¥{NEAR / 100:.2f} this year")
        tell.pays(desk, bill("settle", "M1", "SYN-A-0001 300.00"), SUN, main=True)
        tell.holds("越线：中心记下一条", "above the line: the centre has noted it", noted(desk) == 1)
        tell.pays(desk, bill("settle", "M2", "SYN-A-0001 100.00"), SUN)
        tell.holds("再付也只记一次", "noted once, however much follows", noted(desk) == 1)


def noted(desk: Counter) -> int:
    """How often the centre wrote it down."""
    c = store.incidents.c
    rows = desk.at_centre(lambda conn: conn.execute(
        store.incidents.select().where(c.code == "monitor_half_income")).all())  # fmt: skip
    return len(rows)
