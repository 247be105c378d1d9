"""F03 刷脸支付: a face, found 1:N at the centre, pays; a picture, a recording and a stranger do not, and who
looks like somebody else is asked for a card.
"""

from __future__ import annotations

import pytest

from edge.core import events as e
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, follow, good_face, template
from tests.centre.kit import near

MODEL = "ab" * 32
LIU = PersonSpec("SYN-L", "测试刘", balance_fen=120_00, cards=(("CL", "03"),))
TWIN = PersonSpec("SYN-T", "测试双", balance_fen=500_00, cards=(("CT", "03"),))
FACE = template(7)


@pytest.fixture
def desk(clinic) -> Counter:
    (one,) = clinic([LIU, TWIN])
    people.register_face(one.centre.store, "SYN-L", FACE, MODEL)
    return one


def shown(desk: Counter, face: bytes, number: str = "B1", model: str = MODEL) -> Counter:
    """A bill, and a living face before the camera."""
    desk.bill(number, 90_00).press("face")
    good_face(desk)
    follow(desk)
    desk.post(e.TemplateMade(face, model))
    return desk.serve()


def test_f03_a_face_of_another_day_pays_and_the_record_has_no_picture(desk: Counter) -> None:
    shown(desk, near(FACE, 1)).sees("confirm", person="测**").press("confirm")
    desk.sees("settled", outcome="settled")
    assert desk.balance("acct:SYN-L") == 30_00
    body = desk.drafts[-1].body
    assert (body["identity"]["means"], body["identity"]["psn_no"]) == ("face", "SYN-L")
    assert body["verdict"]["live"] and body["verdict"]["steps"]
    assert not any(isinstance(value, bytes) for value in body["identity"].values()), "it was asked"


def test_f03_a_print_that_scores_low_is_refused_after_its_tries_and_no_question_was_asked(
    desk: Counter,
) -> None:
    desk.bill("B1", 90_00).press("face")
    for _ in range(5):
        if desk.screen.name == "look":
            good_face(desk)
            follow(desk, live=0.02)
    desk.sees("refused", code="spoof_suspected")
    assert not [one for one in desk.effects if getattr(one, "infno", "") == "1101"]
    assert {"use_card", "use_code"} <= set(desk.screen.fields["next_steps"])


def test_f03_a_recording_follows_no_request(desk: Counter) -> None:
    desk.bill("B1", 90_00).press("face")
    for _ in range(400):
        if desk.screen.name in ("look", "challenge"):
            desk.look()
    desk.sees("refused", code="liveness_failed")
    assert desk.ledger == []


def test_f03_a_stranger_and_a_template_of_another_net_are_nobody(desk: Counter) -> None:
    shown(desk, template(99)).sees("refused", code="no_person").done()
    shown(desk, FACE, "B2", model="cd" * 32).sees("refused", code="no_person")


def test_f03_two_people_who_look_alike_are_asked_for_a_card(desk: Counter) -> None:
    people.register_face(desk.centre.store, "SYN-T", near(FACE, 5, 0.05), MODEL)
    shown(desk, FACE).sees("refused", code="ambiguous").done()
    desk.bill("B2", 90_00).lays_card_of(TWIN).sees("confirm").press("confirm").sees("settled")
    assert desk.balance("acct:SYN-T") == 410_00 and desk.balance("acct:SYN-L") == 120_00
