"""F30 待遇等待期."""

from __future__ import annotations

from edge.core.benefit import Enrolment
from sim.centre.books import entitlements
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, bill
from sim.stories.tell import Role, Tell

TITLE = (
    "待遇等待期：断保两年再参保，要等三个月加两个月，补缴可以缩短",
    "Waiting period: two years without insurance cost three months and two; paying them repairs it",
)
HE = Role(
    PersonSpec("SYN-H", "何测试", insutype="390", psn_type="1401", cards=(("CH", "03"),)),
    "何女士", "Ms He",
)  # fmt: skip
PLACES = {"clinic": {"fixmedins_code": "H51010000001", "level": "community"}}


def play(tell: Tell) -> None:
    """Told before it ends, settled on the day after."""
    told(tell, main=True)


def told(tell: Tell, *, main: bool) -> None:
    """`main`: whether its picture stands for the story."""
    with tell.town("2025-03-10 09:00", [HE], PLACES) as town:
        desk = town.desks["clinic"]
        tell.does("断保两年的何女士重新参保", "Ms He, two years uninsured, enrols again")
        tell.holds("8月10日起享受待遇", "covered from 10 August",
                   enrol(desk, HE, Enrolment("2025-03-10", False, 2)) == "2025-08-10")  # fmt: skip
        tell.comes(desk, bill("settle", "B1", "SYN-A-0001 50.00"), HE)
        tell.refused(desk, "waiting", main=main)
        tell.does("她补缴两年", "She pays for the two years")
        tell.holds("6月10日起享受待遇", "covered from 10 June",
                   enrol(desk, HE, Enrolment("2025-03-10", False, 2, 2)) == "2025-06-10")  # fmt: skip
        tell.day(town, "2025-06-09 09:00")
        tell.comes(desk, bill("settle", "B2", "SYN-A-0001 50.00"), HE)
        tell.refused(desk, "waiting")
        tell.day(town, "2025-06-10 09:00")
        tell.pays(desk, bill("settle", "B3", "SYN-A-0001 50.00"), HE)
        tell.holds("60%：30元", "60 %: ¥30", desk.paid("B3")["hifp_pay"] == 30_00)


def enrol(desk: Counter, who: Role, enrolment: Enrolment) -> str:
    """What F28 does at the window of a town; from when the person is covered."""
    rule = desk.centre.region.rules.waiting
    began: str = desk.at_centre(entitlements.enrol, who.spec.psn_no, enrolment, rule)
    return began
