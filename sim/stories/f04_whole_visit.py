"""F04 全流程用码."""

from __future__ import annotations

from edge.core.types import Bill
from sim.centre.books.people import PersonSpec
from sim.stage import bill
from sim.stories.tell import Role, Tell

TITLE = (
    "全流程用码：挂号、问诊、取报告、结算、取药，三台终端一次就诊",
    "A whole visit: registered, seen, report, settled, medicine, on three terminals",
)
LI = Role(PersonSpec("SYN-L", "李测试", balance_fen=300_00, cards=(("SCL", "03"),)), "李先生", "Mr Li")
ORG = {"fixmedins_code": "H51010000001", "level": "l2"}
PLACES = {"hall": ORG, "ward": ORG, "pharmacy": ORG}


def play(tell: Tell) -> None:
    """One patient, five steps, each in its turn."""
    with tell.town("2026-03-02 09:00", [LI], PLACES) as town:
        hall, ward, pharmacy = town.desks.values()
        tell.pays(hall, Bill("register", "V1", 0, dept_name="内科"), LI, by="code")
        visit = hall.of("V1").mdtrt_id
        tell.does("他先去药房，还没轮到", "He goes to the pharmacy first, out of turn")
        tell.comes(pharmacy, _step("X1", "01302", visit), LI)
        pharmacy.press("confirm")
        tell.refused(pharmacy, "rejected_step_order")
        tell.pays(ward, _step("S1", "01201", visit), LI)
        tell.pays(ward, _step("S2", "01303", visit), LI)
        tell.comes(pharmacy, _step("X2", "01302", visit), LI)
        pharmacy.press("confirm")
        tell.refused(pharmacy, "rejected_step_unpaid")
        tell.pays(hall, bill("settle", "B1", "SYN-A-0001 300.00", mdtrt_id=visit), LI)
        tell.holds("结算记在同一次就诊上", "the settlement is of the same visit",
                   hall.of("B1").mdtrt_id == visit)  # fmt: skip
        tell.pays(pharmacy, _step("S3", "01302", visit), LI, main=True)
        slip = dict(pharmacy.of("S3").slip)
        tell.holds(f"凭条 {slip['slip.step_ticket']}：{slip['slip.step']}",
                   f"his ticket {slip['slip.step_ticket']}: the medicine is his",
                   slip["slip.step"] == "取药")  # fmt: skip


def _step(number: str, business: str, mdtrt_id: str) -> Bill:
    return Bill("step", number, 0, business=business, mdtrt_id=mdtrt_id)
