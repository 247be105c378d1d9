"""F11 社保卡一卡通 and F12 惠农惠民补贴: what the card is good for, a new one when it is lost, what was paid onto it.
No money moves; whoever asks about themself shows card and living face.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core import events as e
from edge.core.types import Bill, BillStatus
from edge.core.wishes import Service
from sim.centre.books import cards, entitlements, people
from sim.centre.books.cards import Card
from sim.centre.books.entitlements import Enrolment
from sim.centre.books.people import PersonSpec
from sim.stage.counter import FACE_MODEL, Counter
from sim.stage.device import near, template
from sim.stage.town import Town

HU = PersonSpec("SYN-H", "测试胡", age=52, insutype="390", psn_type="1401",
                cards=(("SCH00001234", "03"), ("IDH", "02")))  # fmt: skip
QIN = PersonSpec("SYN-Q", "测试秦", insuplc_admdvs="500100", cards=(("CQ00005678", "03"),))
PLACES = {"window": {"fixmedins_code": "H51010000001", "level": "l2"}}


def town(folder: Path) -> Town:
    made = Town(folder, "2026-03-02 09:00", [HU, QIN], PLACES)
    people.register_face(made.centre.store, HU.psn_no, template(1), FACE_MODEL)
    return made


def asks(desk: Counter, kind: str, number: str, **wish: str) -> Counter:
    service = Service(**wish) if wish else None
    return desk.desk_sends(Bill(kind, number, 0, service=service))


def seen(desk: Counter, card: str = "IDH", cert_type: str = "02", face: int = 1) -> Counter:
    """Card, then the look, then yes."""
    desk.press("card").lays(card, cert_type).sees("look").shows_face(near(template(face), 9))
    return desk.press("confirm") if desk.screen.name == "confirm" else desk


def rows(desk: Counter, name: str) -> list[str]:
    desk.sees("settled")
    return [value for key, value in desk.screen.fields["slip"] if key == f"slip.{name}"]


def test_f11_a_card_says_its_state_and_what_it_is_good_for(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        asks(desk, "card_info", "C1", item="status").lays_card_of(HU).press("confirm")
        assert rows(desk, "card_no") == ["****1234"]
        assert (rows(desk, "card_state"), rows(desk, "card_gen")) == (["正常"], ["第3代"])
        desk.done()
        asks(desk, "card_info", "C2", item="entitlements").lays_card_of(HU).press("confirm")
        assert "图书馆 借阅" in rows(desk, "entitlement")
        desk.done()
        desk.at_centre(cards.mark, Card("SCH00001234", generation=2))
        asks(desk, "card_info", "C3", item="entitlements").lays_card_of(HU).press("confirm")
        desk.sees("refused", code="rejected_card_old")


def test_f11_a_lost_card_is_asked_for_with_the_id_card_and_stops_at_once(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        seen(asks(desk, "card_replace", "R1", reason="lost"))
        assert rows(desk, "service_no")[0].startswith("510100K")
        desk.done()
        # whoever found it proves nothing with it, here or at the door of a bill
        desk.bill("B1", 50_00).lays_card_of(HU).sees("refused", code="card_lost")
        desk.done()
        seen(asks(desk, "card_replace", "R2", reason="lost"))
        desk.sees("refused", code="rejected_card_in_making")


def test_f11_nobody_else_stops_a_persons_card(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        seen(asks(desk, "card_replace", "R1", reason="lost"), face=2)
        desk.sees("refused", code="rejected_face_mismatch").done()
        desk.bill("B1", 50_00).lays_card_of(HU).sees("confirm")


def test_f11_without_the_network_a_new_card_is_asked_for_and_decided_later(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        desk.post(e.LinkLost("E-NET-01"))
        seen(asks(desk, "card_replace", "R1", reason="broken")).sees("provisional").done()
        asks(desk, "card_info", "C1", item="status").sees("refused", code="offline_strict").done()
        desk.post(e.LinkUp())
        desk.serve()
        assert desk.of("R1").status is BillStatus.SETTLED
        assert dict(desk.of("R1").slip)["slip.service_no"]


def test_f11_a_card_of_chongqing_pays_in_a_clinic_of_sichuan_unless_it_is_lost(
    tmp_path: Path,
) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        with there.centre.store.begin() as conn:
            rule = there.centre.region.rules.waiting
            entitlements.enrol(conn, QIN.psn_no, Enrolment("2020-01-01", True), rule)
            filing = {"trt_dcla_detl_sn": "F1", "psn_no": QIN.psn_no, "kind": "referral"}
            filing |= {"mdtrtarea_admdvs": "510100", "begndate": "2026-01-01"}
            more = {"enddate": "2026-12-31", "fixmedins_code": "H", "at_ms": 1}
            entitlements.file(conn, {**filing, **more})
        desk.bill("B1", 500_00).lays_card_of(QIN).sees("confirm").press("confirm")
        desk.sees("settled").done()
        assert desk.of("B1").split is not None
        desk.at_centre(cards.mark, Card("CQ00005678", cards.LOST))
        desk.bill("B2", 50_00).lays_card_of(QIN).sees("refused", code="card_lost")


def test_f12_the_owner_sees_and_prints_what_was_paid_and_nobody_else_does(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        desk.at_centre(cards.pay, HU.psn_no, "耕地地力保护补贴", "2026-01-15", 1_260_00)
        desk.at_centre(cards.pay, HU.psn_no, "城乡居民养老金", "2026-02-10", 158_00)
        seen(asks(desk, "subsidies", "U1"), "SCH00001234", "03")
        assert rows(desk, "subsidy") == [
            "2026-02-10 城乡居民养老金 158.00", "2026-01-15 耕地地力保护补贴 1260.00",
        ]  # fmt: skip
        desk.done()
        seen(asks(desk, "subsidies", "U2"), "SCH00001234", "03", face=2)
        desk.sees("refused", code="rejected_face_mismatch")


@pytest.mark.parametrize(
    "bad",
    [
        Bill("card_info", "C1", 0),
        Bill("card_info", "C1", 0, service=Service("money")),
        Bill("card_replace", "C1", 0, service=Service(reason="bored")),
        Bill("subsidies", "C1", 5_00),
    ],
)
def test_f11_f12_a_wish_that_is_none_is_refused_at_the_door(tmp_path: Path, bad: Bill) -> None:
    with town(tmp_path) as there:
        assert there.desks["window"].send(bad).status == 422
