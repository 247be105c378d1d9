"""F01 医保码激活: name, ID card, living face, agreement, password; once a person, counted by town, channel and
employer; without the network an intake that the centre decides later.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.core import events as e
from edge.core.types import Bill, BillStatus, Mode
from edge.core.wishes import Activation
from sim.centre.books import activations, people, proving
from sim.centre.books.activations import Claim
from sim.centre.books.people import PersonSpec
from sim.stage.counter import FACE_MODEL, Counter
from sim.stage.device import near, template
from sim.stage.town import Town

WANG = PersonSpec("SYN-W", "测试王", certno="510100199001011234", age=36, cards=(("IDW", "02"),))
KID = PersonSpec("SYN-K", "测试童", age=9, cards=(("IDK", "02"),))
TOWN = {"window": {"fixmedins_code": "H51010000001", "admdvs": "510112", "profile": "P0"}}
PASSWORD = "135246"
FACES = {"SYN-W": template(1), "SYN-K": template(2)}


def town(folder: Path) -> Town:
    made = Town(folder, "2026-03-02 09:00", [WANG, KID], TOWN)
    for psn_no, face in FACES.items():  # the library of public security
        people.register_face(made.centre.store, psn_no, face, FACE_MODEL)
    return made


def wish(number: str, name: str = "测试王", **more: Any) -> Bill:
    return Bill("activate", number, 0, activation=Activation(name, **more))


def comes(desk: Counter, bill: Bill, card: str = "IDW", face: int = 1) -> Counter:
    """To the keys for the password: the card first, then the look."""
    desk.desk_sends(bill).sees("ways", ways=["face", "card"])
    desk.press("face").sees("card", why="live").lays(card).sees("look")
    return desk.shows_face(near(template(face), 5))


def test_f01_a_person_activates_at_the_window_of_a_town_and_the_password_is_theirs(
    tmp_path: Path,
) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        comes(desk, wish("A1", employer="某某公司")).sees("password", what="new")
        desk.types("123456").sees("password", problem="password_weak", what="new")
        desk.types(PASSWORD).sees("password", what="again", problem=None)
        desk.types("135247").sees("password", what="new", problem="password_differs")
        desk.types(PASSWORD, PASSWORD).sees("confirm", kind="activate", mode="online")
        with there.centre.store.begin() as conn:
            assert not proving.has_password(conn, WANG.psn_no), "not before the record"
        desk.press("confirm").sees("settled")
        slip = dict(desk.screen.fields["slip"])
        assert (slip["slip.channel"], slip["slip.town"]) == ("综合服务终端", "510112")
        assert slip["slip.voucher_no"].startswith("510000ev")
        assert PASSWORD not in repr(desk.drafts) + repr(desk.docs)
        with there.centre.store.begin() as conn:
            assert proving.judge(conn, WANG.psn_no, PASSWORD, b"a" * 16, there.now) == ""
            assert activations.counts(conn, "town") == {"510112": 1}
            assert activations.counts(conn, "employer") == {"某某公司": 1}

        # and a second time: 已激活
        desk.done()
        comes(desk, wish("A2")).types(PASSWORD, PASSWORD).sees("refused", code="already_active")


def test_f01_a_person_counts_once_whichever_channel_was_first(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        by_phone = Claim(WANG.psn_no, WANG.psn_name, 36, "alipay", "activation-1")
        desk = there.desks["window"]
        assert desk.at_centre(activations.activate, by_phone, "V1", there.now) == ""
        comes(desk, wish("A1")).types(PASSWORD, PASSWORD).sees("refused", code="already_active")
        again = Claim(WANG.psn_no, WANG.psn_name, 36, "wechat", "activation-1")
        assert desk.at_centre(activations.activate, again, "V2", there.now) == "already_active"
        assert desk.at_centre(activations.counts, "channel") == {"alipay": 1}


@pytest.mark.parametrize(
    ("bill", "card", "face", "code"),
    [
        (wish("A1", "测试黄"), "IDW", 1, "rejected_name_differs"),
        (wish("A1"), "IDW", 2, "rejected_face_mismatch"),  # somebody with another's card
        (wish("A1", "测试童"), "IDK", 2, "rejected_too_young"),
        (wish("A1", channel="nobody"), "IDW", 1, "rejected_channel_unknown"),
    ],
)
def test_f01_what_does_not_fit_activates_nothing(
    tmp_path: Path, bill: Bill, card: str, face: int, code: str
) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        comes(desk, bill, card, face).types(PASSWORD, PASSWORD).press("confirm")
        desk.sees("refused", code=code)
        assert desk.at_centre(activations.counts, "town") == {}
        assert not desk.at_centre(proving.has_password, WANG.psn_no)


def test_f01_a_card_that_nobody_holds_is_refused_before_anything_is_typed(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        comes(there.desks["window"], wish("A1"), "IDX").sees("refused", code="no_person")


def test_f01_without_the_network_the_wish_is_taken_and_decided_later(tmp_path: Path) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        desk.post(e.LinkLost("E-NET-01"))
        desk.desk_sends(wish("A1")).press("face").sees("card", why="offline").lays("IDW")
        desk.shows_face(near(template(1), 5)).sees("confirm", mode="queued").press("confirm")
        desk.sees("provisional")
        assert desk.drafts[-1].mode is Mode.QUEUED
        assert desk.of("A1").status is BillStatus.PROVISIONAL
        desk.post(e.LinkUp())
        desk.serve()
        assert desk.of("A1").status is BillStatus.SETTLED
        assert desk.at_centre(activations.active, WANG.psn_no)
        assert not desk.at_centre(proving.has_password, WANG.psn_no), "that is chosen another day"


def test_f01_the_link_that_goes_while_a_password_is_chosen_leaves_the_intake(
    tmp_path: Path,
) -> None:
    with town(tmp_path) as there:
        desk = there.desks["window"]
        comes(desk, wish("A1")).types(PASSWORD)
        desk.post(e.LinkLost("E-NET-01"))
        desk.sees("confirm", mode="queued")


@pytest.mark.parametrize(
    "bad",
    [
        Bill("activate", "A1", 0),
        wish("A1", " "),
        wish("A1", channel="no spaces please"),
        Bill("activate", "A1", 5_00, activation=Activation("测试王")),
    ],
)
def test_f01_a_form_that_is_none_is_refused_at_the_door(tmp_path: Path, bad: Bill) -> None:
    with town(tmp_path) as there:
        assert there.desks["window"].send(bad).status == 422
