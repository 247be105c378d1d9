"""Between the challenge and the template: the face that is measured is the living one."""

from __future__ import annotations

from edge.core.effects import TakeTemplate
from tests.flows.kit import (
    Desk,
    follow,
    good_face,
    known_as,
    link_up,
    on,
    policy,
    press,
    send,
    tell_story,
    template,
    wait,
)


def judged() -> Desk:
    """A living face has made every gesture; its template is awaited."""
    d = tell_story(Desk(policy()), link_up, send(), on("ways", press("face")))
    return tell_story(d, on("look", good_face), on("challenge", follow), on("working"))


def asked_for(d: Desk) -> int:
    return len([effect for effect in d.effects if isinstance(effect, TakeTemplate)])


def test_a_print_held_up_after_the_challenge_is_not_measured() -> None:
    d = judged()
    for _ in range(5):
        d.look(live=0.05)  # in the same place, frontal and sharp: somebody's picture
        template(d)
    assert [one for one in d.asks if one.infno == "1101"] == []
    tell_story(d, wait(6_000), on("look", problem="spoof_score", tries_left=2))


def test_one_doubtful_shot_of_a_living_face_only_costs_another_shot() -> None:
    d = judged()
    before = asked_for(d)
    d.look(live=0.3)
    template(d)
    assert asked_for(d) == before + 1
    d.look(live=0.9)
    template(d)
    tell_story(d, on("working", known_as(), phase="identify"), on("working", phase="estimate"))


def test_the_last_try_ends_as_suspected_spoof_when_a_print_was_held_up() -> None:
    d = judged()
    for _ in range(3):
        d.look(live=0.05)
        template(d)
        tell_story(d, wait(6_000))
        if d.screen.name == "look":
            tell_story(d, on("look", good_face), on("challenge", follow), on("working"))
    tell_story(d, on("refused", code="spoof_suspected"))
