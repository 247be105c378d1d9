"""A look under the lamps, through the whole core: what is demanded by amount, what the record says,
who may go on without, and that each end has a next step.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import convert, to_builtins
from msgspec.structs import replace

from edge.core import events as e
from edge.core.effects import Flash, Show, Speak
from edge.core.liveness import UNLIT_MAX_FEN, WITH_LAMPS
from edge.core.liveness.response import Lighting
from edge.core.types import LivenessBand, LivenessRules
from sim.centre.bodies import VerdictIn
from sim.centre.lights import as_demanded, follows, honest
from sim.stage.lamps import LAMPS, plays_lights
from tests.core.glow import FACE as MEASURED
from tests.core.glow import Scene, flat, shallow, shots
from tests.flows.kit import (
    Desk,
    bill,
    follow,
    gesture,
    good_face,
    on,
    policy,
    post,
    press,
    send,
    tell_story,
    template,
)

LIGHT = ("passive", "follows", "delay", "gain", "form", "stream")
RULES = LivenessRules(bands=(LivenessBand(0, LIGHT),))
STRICT = replace(RULES, instead=())


def desk(rules: LivenessRules = RULES, *, board: bool = True) -> Desk:
    made = Desk(policy("P1", liveness=rules))
    made.post(e.LinkUp())
    if board:
        made.post(LAMPS)
    return made


def under_the_lamps(scene: Scene | None = None, seed: int = 1) -> Any:
    """The lamps play what the core ordered, and the thing before the camera answers."""
    return lambda d: plays_lights(d, lambda lamps: shots(scene or Scene(), lamps, seed))


FACE = (send(), on("ways", press("face")), on("look", good_face))


def test_a_face_that_answers_the_lights_needs_no_gesture_and_the_record_says_which_lights() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps()), on("working", template))
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and verdict["steps"] == []
    states = {row[0]: row[3] for row in verdict["checks"]}
    assert all(states[name] == "pass" for name in LIGHT) and states["gesture"] == "unknown"
    assert honest(verdict["light"], d.settings.terminal)


def test_the_centre_finds_lights_that_were_chosen_and_answers_that_were_made_up() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps()), on("working", template))
    light = d.ask("1101").body["verdict"]["light"]
    assert not honest(light, "another-terminal")
    assert not honest(light | {"nonce": bytes(16)}, d.settings.terminal)
    assert not honest(light | {"steps": light["steps"][::-1]}, d.settings.terminal)
    assert not honest(light | {"answers": [[0, 0, 0]] * 12}, d.settings.terminal)
    assert not honest({"nonce": 1}, d.settings.terminal) and not honest(None, "t")


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (Scene(turn=flat), "light_flat"),
        (Scene(late_ms=150.0), "light_late"),
        (Scene(live=0.1), "spoof_score"),
    ],
)
def test_what_does_not_answer_as_a_head_does_gets_three_tries_and_then_another_way(
    scene: Scene, reason: str
) -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps(scene)))
    assert d.screen.name == "look" and d.screen.fields["problem"] == reason
    for seed in (2, 3):
        tell_story(d, on("look", good_face), on("light", under_the_lamps(scene, seed)))
    assert d.screen.name == "refused" and d.screen.fields["code"] == "spoof_suspected"
    assert "use_card" in d.screen.fields["next_steps"]
    assert not any(ask.infno == "1101" for ask in d.asks)


def test_a_face_that_the_net_doubts_passes_under_the_lamps_if_the_policy_says_so() -> None:
    rules = replace(RULES, limits={"passive": 0.2})
    d = tell_story(desk(rules), *FACE, on("light", under_the_lamps(Scene(live=0.4))), on("working", template))
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and verdict["threshold"] == 0.2 <= verdict["score"] < 0.5
    d = tell_story(desk(rules, board=False), *FACE)
    assert d.screen.name == "challenge", "gestures keep the net's own"


def test_each_try_has_other_lights() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps(Scene(turn=flat))))
    tell_story(d, on("look", good_face))
    drawn = [one.colours for one in d.effects if isinstance(one, Flash)]
    assert len(drawn) == 2 and drawn[0] != drawn[1]


# -- a doubt: other lights follow, and both count ----------------------------------------------------
def flashes(d: Desk) -> list[tuple[str, ...]]:
    return [one.colours for one in d.effects if isinstance(one, Flash)]


def first_shallow(second: Scene) -> Any:
    """What answers the first lights with a third of a head's form, and the others as `second`."""
    scenes = iter((Scene(turn=shallow), second))
    return lambda d: plays_lights(d, lambda lamps: shots(next(scenes), lamps, 1))


def test_who_fails_by_little_sees_other_lights_in_the_same_try_and_is_judged_by_all_of_them() -> None:
    d = tell_story(desk(), *FACE, on("light", first_shallow(Scene())), on("working", template))
    assert len(flashes(d)) == 2 and flashes(d)[0] != flashes(d)[1]
    shown = [one.fields.get("part") for one in d.effects if isinstance(one, Show) and one.name == "light"]
    assert shown == [None, "longer"] and Speak("say.light.longer") in d.effects
    verdict = d.ask("1101").body["verdict"]
    light = verdict["light"]
    assert verdict["live"] is True and light["steps"] == [*flashes(d)[0], "off", *flashes(d)[1]]
    assert len(light["lit_ms"]) == len(light["answers"]) == 25 and light["lit_ms"] == sorted(light["lit_ms"])
    name = d.settings.terminal
    assert honest(light, name) and as_demanded(convert(verdict, VerdictIn), policy("P1", liveness=RULES), 100, name)
    assert not honest(light | {"steps": [*flashes(d)[0], "off", *flashes(d)[0]]}, name), "the others are drawn too"
    assert not honest(light | {"steps": light["steps"][:12], "answers": light["answers"][:12]}, name)


def test_who_fails_by_little_twice_is_refused_and_the_next_try_may_go_on_again() -> None:
    weak = Scene(turn=shallow)
    d = tell_story(desk(), *FACE, on("light", under_the_lamps(weak)))
    assert d.screen.name == "look" and d.screen.fields["problem"] == "light_flat" and len(flashes(d)) == 2
    tell_story(d, on("look", good_face), on("light", under_the_lamps(weak, 2)))
    assert d.screen.name == "look" and len(flashes(d)) == 4
    assert len(set(flashes(d))) == 4, "never the same lights"


def test_a_sheet_is_refused_after_the_first_lights_and_so_is_everybody_where_the_policy_says_so() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps(Scene(turn=flat))))
    assert d.screen.name == "look" and len(flashes(d)) == 1
    never = replace(RULES, doubts={"form": 9.0})
    d = tell_story(desk(never), *FACE, on("light", first_shallow(Scene())))
    assert d.screen.name == "look" and len(flashes(d)) == 1


class Others(Exception):
    """The core ordered other lights."""


def until_the_others(d: Desk) -> None:
    """The first lights alone are played."""
    played = []

    def answers(lamps: Lighting) -> Any:
        if played:
            raise Others
        played.append(lamps)
        return shots(Scene(turn=shallow), lamps, 1)

    with pytest.raises(Others):
        plays_lights(d, answers)


def test_other_lights_that_are_never_reported_leave_the_first_ones_verdict() -> None:
    d = tell_story(desk(), *FACE, on("light", until_the_others))
    assert d.screen.fields["part"] == "longer"
    d.wait(10_000)
    assert d.screen.name == "look" and d.screen.fields["problem"] == "light_flat" and len(flashes(d)) == 2


def test_the_other_lights_can_be_stopped_like_the_first() -> None:
    d = tell_story(desk(), *FACE, on("light", until_the_others), on("light", press("no_light")))
    tell_story(d, on("look", good_face), on("challenge", follow), on("working", template))
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and len(verdict["steps"]) == 2 and "light" not in verdict


def test_the_first_lights_report_told_twice_is_not_the_others() -> None:
    d = tell_story(desk(), *FACE, on("light", until_the_others))
    known = d.terminal._case.lighting
    old, new = (one for one in d.effects if isinstance(one, Flash))
    at_us = tuple(n * 190_000 for n in range(12))
    d.wait(3_000)
    for bad in (e.Lit(old.number, at_us), e.Lit(new.number, at_us[:5]), e.Lit(new.number, (0,) * 12)):
        d.post(bad)
        assert d.terminal._case.lighting == known


def test_whoever_wants_no_flashing_makes_gestures_instead() -> None:
    d = tell_story(desk(), *FACE[:2])
    assert d.screen.fields["light"] is True, "said before it flashes"
    tell_story(d, on("look", press("no_light")), on("look", good_face), on("challenge", follow))
    tell_story(d, on("working", template))
    assert not any(isinstance(one, Flash) for one in d.effects)
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and len(verdict["steps"]) == 2 and "light" not in verdict


def test_where_the_policy_asks_for_dots_the_face_follows_them_and_the_record_says_which() -> None:
    d = desk(replace(RULES, gestures=("dot",)), board=False)
    tell_story(d, *FACE)
    asked = d.screen.fields["step"]
    assert asked.startswith("dot_") and "home" not in d.screen.fields
    for _ in range(2):
        gesture(d, asked)
        assert d.screen.fields.get("step") != asked or d.screen.name != "challenge"
        asked = d.screen.fields.get("step", "")
    tell_story(d, on("working", template))
    shown = [one for one in d.effects if isinstance(one, Show) and one.fields.get("home")]
    assert len(shown) == 2, "each dot was seen going home"
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and len(verdict["steps"]) == 2
    assert all(step.startswith("dot_") for step in verdict["steps"])
    rules = policy("P1", liveness=replace(RULES, gestures=("dot",)))
    usual = replace(rules, liveness=replace(RULES, gestures=("turn",)))
    found = convert(verdict | {"checks": [(n, 1.0, 0.5, "pass") for n in ("passive", "gesture")]}, VerdictIn)
    assert as_demanded(found, rules, 100, d.settings.terminal)
    assert not as_demanded(found, usual, 100, d.settings.terminal), "other gestures than were asked for"


def test_a_patient_who_looks_elsewhere_than_at_the_dot_is_not_taken() -> None:
    d = tell_story(desk(replace(RULES, gestures=("dot",)), board=False), *FACE)
    asked = d.screen.fields["step"]
    d.look(pitch=-12.0 if asked != "dot_down" else 12.0)
    assert d.screen.name == "look" and d.screen.fields["problem"] == "wrong_gesture"


def test_flashing_can_be_stopped_while_it_lasts() -> None:
    d = tell_story(desk(), *FACE, on("light", press("no_light")))
    assert d.screen.name == "look" and "light" not in d.screen.fields


def test_where_the_policy_takes_nothing_instead_code_and_card_are_offered_at_once() -> None:
    d = tell_story(desk(STRICT), *FACE[:2], on("look", press("no_light")))
    tell_story(d, on("ways", press("face"), ways=["qr", "card"], no_face="light_needed"), on("ways"))
    tell_story(d, on("ways", press("qr")), on("code", press("other_way")), on("ways", ways=["qr", "card"]))
    assert d.effects.count(Speak("say.ways.light_needed")) >= 1


def test_a_terminal_without_lamps_does_what_the_policy_says_instead() -> None:
    d = tell_story(desk(board=False), *FACE)
    assert d.screen.name == "challenge"
    strict = tell_story(desk(STRICT, board=False), send())
    tell_story(strict, on("ways", ways=["qr", "card"], no_face="light_needed"))


# -- what is taken instead of light is said by amount ----------------------------------------------
SMALL = bill(amount_fen=UNLIT_MAX_FEN)
MORE = bill(amount_fen=UNLIT_MAX_FEN + 1)
BLINDED = Scene(gain=0.03, noise=0.0008)


def asked(d: Desk) -> list[str]:
    return [one.infno for one in d.asks]


def test_no_flashing_is_gestures_for_little_and_code_or_card_for_more() -> None:
    little = tell_story(desk(WITH_LAMPS), send(SMALL), *FACE[1:2], on("look", press("no_light")))
    little.face = MEASURED
    tell_story(little, on("look", good_face), on("challenge", follow), on("working", template))
    assert "1101" in asked(little)
    more = tell_story(desk(WITH_LAMPS), send(MORE), *FACE[1:2], on("look", press("no_light"), light=True))
    tell_story(more, on("ways", press("card"), ways=["qr", "card"], no_face="light_needed"))
    tell_story(more, on("card", post(e.CardRead("A00000001"))), on("working"))
    assert more.ask("1101").body["means"] == "card"


def test_stopping_the_lights_while_they_last_or_losing_them_opens_no_way_for_more() -> None:
    for stop in (press("no_light"), post(e.BoardLost("E-BRD-05"))):
        d = tell_story(desk(WITH_LAMPS), send(MORE), *FACE[1:], on("light", stop))
        assert d.screen.name == "ways" and "face" not in d.screen.fields["ways"]
        tell_story(d, press("face"), on("ways"))


def test_who_blinds_the_light_makes_gestures_for_little_and_gets_nothing_for_more() -> None:
    little = tell_story(desk(WITH_LAMPS), send(SMALL), *FACE[1:], on("light", under_the_lamps(BLINDED)))
    tell_story(little, on("look", good_face, problem="light_weak"), on("challenge"))
    more = tell_story(desk(WITH_LAMPS), send(MORE), *FACE[1:], on("light", under_the_lamps(BLINDED)))
    for seed in (2, 3):
        tell_story(more, on("look", good_face, light=True), on("light", under_the_lamps(BLINDED, seed)))
    tell_story(more, on("refused", code="liveness_failed", next_steps=["use_code", "use_card", "ask_staff"]))
    assert "1101" not in asked(more) and "challenge" not in {one.name for one in more.shows}


def test_under_the_lamps_more_is_taken_as_before() -> None:
    d = tell_story(desk(WITH_LAMPS), send(MORE), *FACE[1:], on("light", under_the_lamps()))
    tell_story(d, on("working", template))
    assert d.ask("1101").body["verdict"]["live"] is True


def test_a_his_that_settles_by_itself_says_no_amount_so_the_most_is_demanded() -> None:
    d = desk(WITH_LAMPS)
    d.post(e.ErrandArrived(1, "auth", "O1", "01301"))
    tell_story(d, on("ways", press("face")), on("look", press("no_light")))
    tell_story(d, on("ways", ways=["qr", "card"], no_face="light_needed"))


def test_limits_may_be_given_by_amount() -> None:
    rules = replace(RULES, bands=(LivenessBand(0, LIGHT), LivenessBand(5_00, LIGHT, limits={"form": 1.5})))
    for amount_fen, screen in ((4_99, "working"), (5_00, "look")):
        d = tell_story(desk(rules), send(bill(amount_fen=amount_fen)), *FACE[1:], on("light", under_the_lamps()))
        assert d.screen.name == screen, amount_fen


def test_the_centre_holds_what_is_taken_instead_and_limits_to_the_amount_too() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps()), on("working", template))
    lit = convert(d.ask("1101").body["verdict"], VerdictIn)
    unlit = replace(
        lit, light=None, steps=["turn_left", "blink"], checks=[
            ("passive", 0.9, 0.0, "pass"), ("gesture", 1.0, 1.0, "pass"), ("same", 1.0, 0.45, "pass"),
        ],
    )  # fmt: skip
    name = d.settings.terminal

    def enough(verdict: VerdictIn, amount_fen: int, rules: LivenessRules = WITH_LAMPS) -> bool:
        return as_demanded(verdict, policy("P1", liveness=rules), amount_fen, name)

    assert enough(unlit, UNLIT_MAX_FEN) and not enough(unlit, UNLIT_MAX_FEN + 1)
    assert enough(lit, UNLIT_MAX_FEN + 1)
    strict = LivenessRules(bands=(LivenessBand(0, LIGHT), LivenessBand(5_00, LIGHT, limits={"form": 1.5})))
    assert enough(lit, 4_99, strict) and not enough(lit, 5_00, strict)


def test_in_the_sun_the_lights_are_no_accept_and_gestures_follow() -> None:
    scene = Scene(gain=0.03, noise=0.0008)
    d = tell_story(desk(), *FACE, on("light", under_the_lamps(scene)))
    assert d.screen.name == "look" and d.screen.fields["problem"] == "light_weak"
    tell_story(d, on("look", good_face))
    assert d.screen.name == "challenge"


def test_a_controller_that_never_reports_is_no_accept() -> None:
    d = tell_story(desk(STRICT), *FACE)
    d.wait(10_000)
    assert d.screen.name == "look" and d.screen.fields["problem"] == "light_unseen"


def test_a_controller_that_goes_while_its_lamps_play_leaves_the_gestures() -> None:
    d = tell_story(desk(), *FACE)
    d.post(e.BoardLost("E-BRD-05"))
    assert d.screen.name == "look"
    tell_story(d, on("look", good_face))
    assert d.screen.name == "challenge"


def test_a_report_of_other_lights_or_from_before_the_order_is_not_taken() -> None:
    d = tell_story(desk(), *FACE)
    flash = next(one for one in reversed(d.effects) if isinstance(one, Flash))
    at_us = tuple(n * 200_000 for n in range(12))
    for bad in (
        e.Lit(flash.number ^ 1, at_us),
        e.Lit(flash.number, at_us[:5]),
        e.Lit(flash.number, at_us),  # at once: the lights cannot be over
        e.Lit(flash.number, (0,) * 12),
    ):
        d.post(bad)
        assert d.terminal._case.lighting is None


def test_more_money_takes_lights_and_gestures() -> None:
    rules = LivenessRules(bands=(LivenessBand(0), LivenessBand(1, (*LIGHT, "gesture"))))
    d = tell_story(desk(rules), *FACE, on("light", under_the_lamps()))
    assert d.screen.name == "challenge"
    tell_story(d, on("challenge", follow), on("working", template))
    verdict = d.ask("1101").body["verdict"]
    assert verdict["live"] is True and len(verdict["steps"]) == 2
    assert {row[0]: row[3] for row in verdict["checks"]}["gesture"] == "pass"


def test_trying_has_an_end_in_time_too() -> None:
    d = tell_story(desk(replace(RULES, time_limit_ms=5_000)), *FACE)
    tell_story(d, on("light", under_the_lamps(Scene(turn=flat))))
    assert d.screen.name == "look"
    tell_story(d, on("look", good_face), on("light", under_the_lamps(Scene(turn=flat), 2)))
    assert d.screen.name == "refused"


def test_the_answers_follow_the_lamps_in_the_record_as_well() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps()), on("working", template))
    verdict = d.terminal._case.verdict
    assert verdict is not None and verdict.light is not None
    assert follows(verdict.light) > 0.9
    assert len(str(to_builtins(verdict.light, builtin_types=(bytes,)))) < 2_000


def test_the_centre_holds_a_record_to_the_checks_that_its_policy_demands() -> None:
    d = tell_story(desk(), *FACE, on("light", under_the_lamps()), on("working", template))
    said = d.ask("1101").body["verdict"]
    name = d.settings.terminal

    def enough(rules: LivenessRules = RULES, **changes: Any) -> bool:
        verdict = convert(said | changes, VerdictIn)
        return as_demanded(verdict, policy("P1", liveness=rules), 100, name)

    assert enough() and not enough(score=0.4)
    doubted = replace(RULES, limits={"passive": 0.2})
    assert enough(doubted, score=0.4), "with lamps the rules may name a limit of the net's own"
    assert not enough(replace(doubted, bands=(LivenessBand(0, ("passive",)),)), score=0.4, light=None)
    assert not enough(LivenessRules()), "gestures were demanded and none were made"
    assert not enough(light=None), "instead of the lights there are gestures"
    assert not enough(light=said["light"] | {"nonce": bytes(16)})
    assert not enough(checks=[row for row in said["checks"] if row[0] != "form"])
    assert not enough(STRICT, light=None)
