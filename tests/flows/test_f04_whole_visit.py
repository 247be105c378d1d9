"""F04 全流程用码: one patient walks through a visit on three terminals, by code and by card: 挂号, 问诊, 取报告,
结算, 取药; each step shows who they are anew, in its turn, and gives a ticket.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.types import Bill
from sim.centre.books.people import PersonSpec
from sim.centre.deciding.stepping import REFUSED, TABLE, Stand, Step
from sim.stage.counter import Counter
from sim.stage.town import Town

LI = PersonSpec("SYN-L", "测试李", balance_fen=300_00, cards=(("SCL", "03"),))
MA = PersonSpec("SYN-M", "测试马", cards=(("SCM", "03"),))
ORG = {"fixmedins_code": "H51010000001", "level": "l2"}
PLACES = {
    "hall": ORG, "ward": ORG, "pharmacy": ORG,
    "elsewhere": {"fixmedins_code": "H51010000002", "level": "l2"},
}  # fmt: skip


def step(number: str, business: str, mdtrt_id: str) -> Bill:
    return Bill("step", number, 0, business=business, mdtrt_id=mdtrt_id)


def by_card(desk: Counter, bill: Bill, who: PersonSpec = LI) -> dict[str, str]:
    """They lay down their card and confirm; the slip."""
    desk.desk_sends(bill).lays_card_of(who)
    if desk.screen.name == "confirm":
        desk.press("confirm")
    return dict(desk.screen.fields.get("slip", []))


def no(desk: Counter, bill: Bill, who: PersonSpec = LI) -> str:
    by_card(desk, bill, who)
    desk.sees("refused")
    code = str(desk.screen.fields["code"])
    desk.done()
    return code.removeprefix("rejected_")


def test_f04_one_patient_walks_all_five_steps_on_three_terminals(tmp_path: Path) -> None:
    with Town(tmp_path, "2026-03-02 09:00", [LI, MA], PLACES) as town:
        hall, ward, pharmacy, elsewhere = town.desks.values()

        # 01101 挂号, by the code of the phone
        hall.desk_sends(Bill("register", "V1", 0, dept_name="内科")).shows_code_of(LI)
        hall.sees("confirm").press("confirm").sees("settled").done()
        visit = hall.of("V1").mdtrt_id
        assert visit

        # nothing out of its turn, of nobody else, at no other place
        assert no(pharmacy, step("X1", "01302", visit)) == "step_order"
        assert no(ward, step("X2", "01303", visit)) == "step_order"
        assert no(ward, step("X3", "01201", visit), MA) == "mdtrt_unknown"
        assert no(elsewhere, step("X4", "01201", visit)) == "mdtrt_unknown"

        # 01201 问诊 on another terminal, by card
        slip = by_card(ward, step("S1", "01201", visit))
        assert (slip["slip.step"], slip["slip.step_next"]) == ("问诊", "结算")
        assert slip["slip.step_ticket"].endswith("-1")
        ward.done()
        assert no(ward, step("X5", "01201", visit)) == "step_done"

        # 01303 取报告, as often as there are reports
        assert by_card(ward, step("S2", "01303", visit))["slip.step"] == "取报告"
        ward.done()
        assert no(pharmacy, step("X6", "01302", visit)) == "step_unpaid"

        # 01301 结算 in the hall, of this very visit
        hall.bill("B1", 300_00, mdtrt_id=visit).lays_card_of(LI).sees("confirm").press("confirm")
        hall.sees("settled").done()
        assert hall.of("B1").mdtrt_id == visit

        # 01302 取药, once
        slip = by_card(pharmacy, step("S3", "01302", visit))
        assert slip["slip.step"] == "取药" and "slip.step_next" not in slip
        pharmacy.done()
        assert no(pharmacy, step("X7", "01302", visit)) == "step_done"

        # the bill is undone: the visit stands where it stood, and is paid before any medicine
        hall.undo("B1")
        assert no(pharmacy, step("X8", "01302", visit)) == "step_unpaid"


def test_f04_without_the_network_no_step_is_taken(tmp_path: Path) -> None:
    from edge.core import events as e

    with Town(tmp_path, "2026-03-02 09:00", [LI], PLACES) as town:
        hall = town.desks["hall"]
        hall.post(e.LinkLost("E-NET-01"))
        hall.desk_sends(step("S1", "01201", "M1")).sees("refused", code="offline_strict")


@pytest.mark.parametrize("stand", list(Stand))
@pytest.mark.parametrize("taken", list(Step))
def test_f04_every_step_at_every_point_is_taken_or_refused_with_a_reason(
    stand: Stand, taken: Step
) -> None:
    assert ((stand, taken) in TABLE) != ((stand, taken) in REFUSED)


def test_f04_every_point_of_a_visit_is_reached() -> None:
    reached = {Stand.REGISTERED}
    for _ in Stand:
        reached |= {after for (before, _), after in TABLE.items() if before in reached}
    assert reached == set(Stand)


@pytest.mark.parametrize(
    "bad", [step("S1", "01301", "M1"), step("S1", "01201", ""), Bill("step", "S1", 5, mdtrt_id="M")]
)
def test_f04_a_step_that_is_none_is_refused_at_the_door(tmp_path: Path, bad: Bill) -> None:
    with Town(tmp_path, "2026-03-02 09:00", [LI], PLACES) as town:
        assert town.desks["hall"].send(bad).status == 422
