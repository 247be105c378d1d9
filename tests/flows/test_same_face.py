"""The same face to the end: whoever answered the lights or made the gestures is who is then looked for,
by the face's own numbers and not only by its place.
"""

from __future__ import annotations

import struct

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.types import LivenessBand, LivenessRules
from sim.stage.lamps import LAMPS, plays_lights
from sim.stage.script import gesture
from tests.core.glow import Scene, shots
from tests.flows.kit import (
    Desk,
    good_face,
    link_up,
    on,
    policy,
    post,
    press,
    send,
    tell_story,
    wait,
)

ONE, OTHER = (struct.pack("<4f", *numbers) for numbers in ((1.0, 0.2, 0.0, 0.1), (0.0, 0.1, 1.0, 0.3)))
NEAR = struct.pack("<4f", 1.0, 0.4, 0.1, 0.1)  # the same person, turned a little
LIT = LivenessRules(bands=(LivenessBand(0, ("passive", "follows", "delay", "gain", "form", "stream")),))


class Seen(Desk):
    """A desk whose camera measures the face of every shot."""

    face = ONE

    def post(self, event: e.Event) -> list[e.Event]:
        measured = isinstance(event, e.LookSeen) and not event.problem
        return super().post(replace(event, face=self.face) if measured else event)


def judged(way: str, *, tries: int = 1) -> Seen:
    """ONE has answered; the template is awaited."""
    d = Seen(policy("P1", liveness=LIT if way == "light" else LivenessRules()))
    tell_story(d, link_up, send(), on("ways", press("face")))
    if way == "light":
        d.post(LAMPS)
    return again(d, way)


def again(d: Seen, way: str) -> Seen:
    tell_story(d, on("look", good_face))
    if way == "light":
        plays_lights(d, lambda lamps: shots(Scene(), lamps, 1))
    else:
        while d.screen.name == "challenge":
            gesture(d, d.screen.fields["step"])
    return tell_story(d, on("working", phase="identify"))


def made(template: bytes) -> e.TemplateMade:
    return e.TemplateMade(template, "ab" * 32)


@pytest.mark.parametrize("way", ["gestures", "light"])
def test_a_template_of_another_face_than_was_judged_costs_the_try(way: str) -> None:
    d = judged(way)
    tell_story(d, post(made(OTHER)), on("look", problem="face_changed", tries_left=2))
    assert not [one for one in d.asks if one.infno == "1101"]
    tell_story(again(d, way), post(made(NEAR)), on("working"))
    assert d.ask("1101").body["template"] == NEAR


@pytest.mark.parametrize("way", ["gestures", "light"])
def test_after_three_of_another_face_the_visit_ends_and_nobody_was_asked_about(way: str) -> None:
    d = judged(way)
    for _ in range(2):
        tell_story(d, post(made(OTHER)))
        again(d, way)
    tell_story(d, post(made(OTHER)), on("refused", code="liveness_failed"))
    assert d.screen.fields["detail"] == {"reason": "face_changed"} and d.screen.fields["next_steps"]
    assert not [one for one in d.asks if one.infno == "1101"]


def test_a_template_that_is_no_template_is_another_face() -> None:
    for junk in (b"", b"\x00" * 16, b"\xff" * 16, ONE[:-4]):
        tell_story(judged("gestures"), post(made(junk)), on("look", problem="face_changed"))


def test_somebody_who_steps_in_while_the_gestures_are_made_is_noticed() -> None:
    d = Seen(policy("P1"))
    tell_story(d, link_up, send(), on("ways", press("face")), on("look", good_face))
    gesture(d, d.screen.fields["step"])
    d.face = OTHER
    gesture(d, d.screen.fields["step"])
    tell_story(d, on("look", problem="face_changed", tries_left=2))


def test_a_try_is_held_to_its_own_face_and_not_to_that_of_the_try_before() -> None:
    d = judged("gestures")
    tell_story(d, wait(6_000), on("look", problem="face_lost"))
    d.face = OTHER  # somebody else's turn: they make the gestures themselves
    tell_story(again(d, "gestures"), post(made(OTHER)), on("working"))
    assert d.ask("1101").body["template"] == OTHER
