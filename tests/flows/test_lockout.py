"""Tries have an end that the next bill does not undo: after three refused looks faces rest for a while,
and code and card go on.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.core import events as e
from edge.core.effects import Speak
from edge.core.types import LivenessBand, LivenessRules
from edge.http.kiosk import STATIC
from sim.clinic.patient import Script, way
from sim.stage.lamps import LAMPS, plays_lights
from tests.core.glow import Scene, flat, shots
from tests.flows.kit import (
    Desk,
    bill,
    follow,
    good_face,
    known_as,
    link_lost,
    link_up,
    on,
    policy,
    post,
    press,
    send,
    settled,
    tell_story,
    template,
    wait,
)

REST_MS = LivenessRules().lockout_ms
LIT = LivenessRules(bands=(LivenessBand(0, ("passive", "follows", "delay", "gain", "form", "stream")),), instead=())


def spoof(d: Desk) -> None:
    follow(d, live=0.05)


REFUSED = (on("look", good_face), on("challenge", spoof)) * 3
CARD = post(e.CardRead("A00000001"))


def attacked(rules: LivenessRules = LivenessRules()) -> Desk:
    """Somebody held up a print three times; the terminal is free again."""
    d = tell_story(Desk(policy("P1", liveness=rules)), link_up, lambda d: d.answer())
    tell_story(d, send(bill(number="A")))
    tell_story(d, on("ways", press("face"), ways=["face", "qr", "card"]), *REFUSED)
    return tell_story(d, on("refused", press("done"), code="spoof_suspected"), on("idle"))


def test_after_three_refused_looks_the_next_bill_offers_code_and_card_and_later_the_face_again() -> None:
    d = attacked()
    tell_story(d, send(bill(number="B")), on("ways", press("face"), ways=["qr", "card"], no_face="face_locked"))
    tell_story(d, on("ways", press("card")), on("card", CARD), on("working", known_as()))
    assert d.ask("2206"), "the card pays as ever"
    tell_story(d, press("cancel"), on("refused", press("done")), wait(REST_MS), send(bill(number="C")))
    tell_story(d, on("ways", press("face"), ways=["face", "qr", "card"]), on("look", tries_left=3))
    assert "no_face" not in d.screen.fields


def test_the_screen_and_the_voice_say_it_in_both_languages() -> None:
    d = tell_story(attacked(), send(bill(number="B")), on("ways"))
    assert Speak("say.ways.face_locked") in d.effects
    for lang in ("zh-CN", "en"):
        texts = json.loads((STATIC / "i18n" / f"{lang}.json").read_text())
        for why in ("face_locked", "light_needed"):
            assert texts[f"ways.no_face.{why}"] and texts[f"say.ways.{why}"]
        assert texts["refused.face_rests"] and texts["problem.shots_few"]


def test_another_way_does_not_wake_the_face_and_neither_does_a_link_that_comes_and_goes() -> None:
    d = tell_story(attacked(), send(bill(number="B")), on("ways", press("qr")))
    tell_story(d, on("code", press("other_way")), on("ways", ways=["qr", "card"]))
    tell_story(d, post(e.CameraLost("E-CAM-02")), post(e.CameraBack()), on("ways", ways=["qr", "card"]))


def test_a_policy_may_say_how_long_or_that_there_is_no_rest() -> None:
    long = attacked(LivenessRules(lockout_ms=2 * REST_MS))
    tell_story(long, wait(REST_MS + 1_000), send(bill(number="B")), on("ways", ways=["qr", "card"]))
    never = attacked(LivenessRules(lockout_ms=0))
    tell_story(never, send(bill(number="B")), on("ways", ways=["face", "qr", "card"]))


def test_a_restart_forgets_it() -> None:
    d = attacked()
    d.boot()
    tell_story(d, link_up, send(bill(number="B")), on("ways", ways=["face", "qr", "card"]))


@pytest.mark.parametrize("end", ["settled", "cancel", "one_refused"])
def test_whoever_is_taken_or_leaves_before_the_last_try_puts_nothing_to_rest(end: str) -> None:
    d = tell_story(Desk(policy("P1")), link_up, send(bill(number="A")), on("ways", press("face")))
    if end == "cancel":
        tell_story(d, press("cancel"), on("refused", press("done")))
    else:
        tell_story(d, *(REFUSED[:2] if end == "one_refused" else ()))
        tell_story(d, on("look", good_face), on("challenge", follow), on("working", template))
        tell_story(d, on("working", known_as()), press("cancel"), on("refused", press("done")))
    tell_story(d, send(bill(number="B")), on("ways", ways=["face", "qr", "card"]))


def leaves(looks: int, number: str, ending: Any = press("cancel")) -> tuple[Any, ...]:
    """A bill at which a print is held up so often; then whoever holds it goes."""
    return (send(bill(number=number)), on("ways", press("face")), *REFUSED[: 2 * looks], ending)


def test_who_goes_before_the_last_try_finds_no_new_ones_at_the_next_bill() -> None:
    d = tell_story(Desk(policy("P1")), link_up, *leaves(2, "A"), on("refused", press("done")))
    tell_story(d, send(bill(number="B")), on("ways", press("face")), on("look", press("cancel"), tries_left=1))
    tell_story(d, on("refused", press("done")), *leaves(1, "B2", on("refused", press("done"), code="spoof_suspected")))
    tell_story(d, send(bill(number="C")), on("ways", ways=["qr", "card"], no_face="face_locked"))


def test_somebody_alive_between_two_who_were_refused_starts_the_count_anew() -> None:
    d = tell_story(Desk(policy("P1")), link_up, *leaves(2, "A"), on("refused", press("done")))
    tell_story(d, send(bill(number="B")), on("ways", press("face")), on("look", good_face), on("challenge", follow))
    tell_story(d, on("working", template), on("working", press("cancel")), on("refused", press("done")))
    tell_story(d, *leaves(2, "C"), on("refused", press("done")), send(bill(number="D")), on("ways", ways=["face", "qr", "card"]))


def test_refused_looks_are_forgotten_after_the_time_of_a_rest_and_where_there_is_none_not_counted() -> None:
    d = tell_story(Desk(policy("P1")), link_up, *leaves(2, "A"), on("refused", press("done")), wait(REST_MS))
    tell_story(d, *leaves(2, "B"), on("refused", press("done")), send(bill(number="C")), on("ways", ways=["face", "qr", "card"]))
    d = tell_story(Desk(policy("P1", liveness=LivenessRules(lockout_ms=0))), link_up)
    for number in "ABC":
        tell_story(d, *leaves(2, number), on("refused", press("done")))
    tell_story(d, send(bill(number="D")), on("ways", ways=["face", "qr", "card"]))


@pytest.mark.parametrize(("looks", "offered"), [(1, ["face", "qr", "card"]), (2, ["qr", "card"])])
def test_one_slow_person_does_not_close_the_face_for_all_and_two_slow_tries_do(looks: int, offered: list[str]) -> None:
    d = tell_story(Desk(policy("P1", liveness=LivenessRules(time_limit_ms=20_000))), link_up, send(bill(number="A")))
    tell_story(d, on("ways", press("face")), *REFUSED[: 2 * (looks - 1)], wait(20_000), *REFUSED[:2])
    tell_story(d, on("refused", press("done"), code="spoof_suspected"), send(bill(number="B")))
    tell_story(d, on("ways", ways=offered))


def played(d: Desk, scene: Scene, count: int = 3) -> Desk:
    for seed in range(count):
        tell_story(d, on("look", good_face))
        plays_lights(d, lambda lamps, seed=seed: shots(scene, lamps, seed))
    return d


@pytest.mark.parametrize(
    ("scene", "offered"),
    [
        (Scene(turn=flat), ["qr", "card"]),
        (Scene(gain=0.03, noise=0.0008), ["face", "qr", "card"]),
    ],
)
def test_a_sheet_puts_faces_to_rest_and_the_sun_does_not(scene: Scene, offered: list[str]) -> None:
    d = tell_story(Desk(policy("P1", liveness=LIT)), link_up, post(LAMPS), send(bill(number="A")))
    played(tell_story(d, on("ways", press("face"))), scene)
    tell_story(d, on("refused", press("done")), send(bill(number="B")), on("ways", ways=offered))


# -- in an outage the card says whose face it is -----------------------------------------------------
def lays(number: str) -> Any:
    return post(e.CardRead(number))


def test_without_the_centre_the_face_beside_that_card_rests_and_no_other() -> None:
    d = tell_story(attacked(), link_lost, send(bill(number="B")), on("ways", press("face"), ways=["face", "card"]))
    tell_story(d, on("card", lays("A00000001")), *REFUSED, on("refused", press("done"), code="spoof_suspected"))
    tell_story(d, send(bill(number="C")), on("ways", lays("A00000001")))
    tell_story(d, on("refused", press("done"), code="face_rests", next_steps=["wait_network", "pay_full", "ask_staff"]))
    tell_story(d, send(bill(number="D")), on("ways", lays("B00000002")), on("look", good_face), on("challenge", follow))
    tell_story(d, on("working", template), on("confirm", press("cancel")), on("refused", press("done")))
    tell_story(d, wait(REST_MS), send(bill(number="E")), on("ways", lays("A00000001")), on("look", tries_left=3))


def test_a_centre_that_falls_silent_does_not_open_the_resting_face_beside_a_card() -> None:
    d = tell_story(attacked(), link_lost, send(bill(number="B")), on("ways", lays("A00000001")), *REFUSED)
    tell_story(d, on("refused", press("done")), link_up, send(bill(number="C")), on("ways", lays("A00000001")))
    tell_story(d, on("working"), link_lost, on("refused", code="face_rests"))


def test_the_paid_bill_after_an_attack_is_settled() -> None:
    d = tell_story(attacked(), send(bill("register", 0, number="B")), on("ways", press("card")), on("card", CARD))
    tell_story(d, on("working", known_as()), on("confirm", press("confirm")), on("working", settled()))
    tell_story(d, on("settled"))


def test_the_people_of_the_demo_go_on_by_their_card_and_who_has_only_a_picture_goes() -> None:
    patient, attacker = Script("p1"), Script("p1", attack="print")
    assert (way(patient, ["face", "qr", "card"]), way(attacker, ["face"])) == ("face", "face")
    assert (way(patient, ["qr", "card"]), way(attacker, ["qr", "card"])) == ("card", "cancel")
