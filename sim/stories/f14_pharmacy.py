"""F14 药店购药: golden case B."""

from __future__ import annotations

from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "药店购药：退休人员，年度限额用到只剩100元（黄金案例B）",
    "Pharmacy: a retired person meets the cap of the year (golden case B)",
)
WU = Role(
    PersonSpec(
        "SYN-W", "吴测试", psn_type="1201", age=75, cards=(("CW", "03"),), year=2026,
        accumulated={"outpatient_dedc_fen": 150_00, "outpatient_fund_fen": 2_400_00},
    ),
    "75岁的吴奶奶", "Grandmother Wu, 75,",
)  # fmt: skip
PLACES = {"pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"}}


def play(tell: Tell) -> None:
    """The last hundred of the year, and then nothing."""
    with tell.town("2026-11-18 09:00", [WU], PLACES) as town:
        desk = town.desks["pharmacy"]
        tell.pays(desk, bill("pharmacy", "P1", "SYN-A-0001 400.00"), WU, main=True)
        paid = desk.paid("P1")
        tell.holds("按60%是240元，限额只剩100元", "60 % are ¥240, but only ¥100 of the cap are left",
                   (paid["hifp_pay"], paid["psn_cash_pay"]) == (100_00, 300_00))  # fmt: skip
        tell.pays(desk, bill("pharmacy", "P2", "SYN-A-0001 10.00"), WU)
        tell.holds("限额用完，全部自己付", "the cap is used up: all of it is her own",
                   desk.paid("P2")["psn_cash_pay"] == 10_00)  # fmt: skip
        tell.day(town, "2027-01-04 09:00")
        tell.pays(desk, bill("pharmacy", "P3", "SYN-A-0001 400.00"), WU)
        tell.holds("新的一年，限额重新开始（起付线也是）", "a new year: the cap begins anew, and the deductible",
                   desk.paid("P3")["act_pay_dedc"] > 0 and desk.paid("P3")["hifp_pay"] > 0)  # fmt: skip
