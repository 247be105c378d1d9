"""F31 新生儿 90天."""

from __future__ import annotations

from edge.core.benefit import Enrolment
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.f30_waiting import PLACES, enrol
from sim.stories.tell import Role, Tell

TITLE = (
    "新生儿：90天内参保，从出生起报销；第91天不行",
    "Newborn: enrolled on day 90 and covered from birth; on day 91 not",
)


def baby(number: str, zh: str, en: str) -> Role:
    """Born, known, not insured."""
    spec = PersonSpec(
        f"SYN-{number}", "宝测试", insutype="390", psn_type="1401", age=0, stas="4",
        cards=((f"C{number}", "03"),),
    )  # fmt: skip
    return Role(spec, zh, en)


FIRST = baby("N1", "第一个孩子的父亲", "the father of the first child")
SECOND = baby("N2", "第二个孩子的父亲", "the father of the second child")


def play(tell: Tell) -> None:
    """Two children born on the same day; one father comes a day later."""
    with tell.town("2025-01-11 09:00", [FIRST, SECOND], PLACES) as town:
        desk = town.desks["clinic"]
        early = {"begntime": "2025-01-11 09:00:00"}
        tell.does("两个孩子都在1月1日出生，1月11日看病", "Both were born on 1 January and fall ill on the 11th")
        tell.comes(desk, bill("settle", "A1", "SYN-A-0001 80.00"), FIRST)
        tell.refused(desk, "not_insured", main=True)

        tell.day(town, "2025-04-01 09:00")
        began = enrol(desk, FIRST, Enrolment("2025-04-01", False, born_on="2025-01-01"))
        tell.holds("第90天参保：从出生起享受", "enrolled on day 90: covered from birth", began == "2025-01-01")
        tell.pays(desk, bill("settle", "A2", "SYN-A-0001 80.00", **early), FIRST)
        tell.holds("1月11日的80元补报了48元", "of the ¥80 of 11 January ¥48 are paid now",
                   desk.paid("A2")["hifp_pay"] == 48_00)  # fmt: skip

        tell.day(town, "2025-04-02 09:00")
        began = enrol(desk, SECOND, Enrolment("2025-04-02", False, born_on="2025-01-01"))
        tell.holds("第91天参保：要等到7月2日", "enrolled on day 91: covered from 2 July", began == "2025-07-02")
        tell.comes(desk, bill("settle", "B2", "SYN-A-0001 80.00", **early), SECOND)
        tell.refused(desk, "waiting")
