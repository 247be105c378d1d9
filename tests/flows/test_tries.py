"""A look cannot be bought again, answered for somebody else or made easier: each of these was done to this terminal by
an audit, and was accepted.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest
from msgspec import convert
from msgspec.structs import replace

from edge.core import events as e
from edge.core.liveness import UNLIT_MAX_FEN, WITH_LAMPS, spoofs
from edge.core.types import LivenessBand, LivenessRules
from sim.centre.bodies import VerdictIn
from sim.centre.lights import as_demanded
from sim.stage.lamps import LAMPS, plays_lights
from tests.core.glow import FACE as MEASURED
from tests.core.glow import Scene, flat, shallow, shots
from tests.flows.kit import (
    DAY_MS,
    Desk,
    bill,
    gesture,
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

LARGE = bill(amount_fen=UNLIT_MAX_FEN + 1)
OTHER = struct.pack("<192f", 1.0, *([0.0] * 191))
REST_MS = WITH_LAMPS.lockout_ms


def desk(rules: LivenessRules = WITH_LAMPS) -> Desk:
    return tell_story(Desk(policy("P1", liveness=rules)), link_up, post(LAMPS))


def at_the_lights(number: str = "A", *, fen: int = LARGE.amount_fen, d: Desk | None = None) -> Desk:
    return tell_story(d or desk(), send(bill(number=number, amount_fen=fen)), on("ways", press("face")), on("look", good_face))


def answered(scene: Scene, **changes: Any) -> Any:
    """The lights are answered by this, in shots that are changed."""
    return lambda d: plays_lights(d, lambda lamps: [replace(one, **changes) for one in shots(scene, lamps, 1)])


def made(face: bytes) -> Any:
    return post(e.TemplateMade(face, "ab" * 32))


class Slow(Desk):
    """A look takes its time: it is known after its shot."""

    def post(self, event: e.Event) -> list[e.Event]:
        if isinstance(event, e.LookSeen):
            self.passes_to(event.at_mono_ms + 15)
        return super().post(event)


def asked_who(d: Desk) -> bool:
    return any(one.infno == "1101" for one in d.asks)


# -- one answers, another is looked for ------------------------------------------------------------
def test_lights_that_were_answered_by_a_face_nobody_measured_name_nobody() -> None:
    def seen(d: Desk) -> None:
        def sight(lamps: Any) -> list[e.LookSeen]:
            *aside, last = (replace(one, face=b"") for one in shots(Scene(), lamps, 1))
            return [*(replace(one, problem="off_centre") for one in aside), last]

        plays_lights(d, sight)

    d = tell_story(at_the_lights(), on("light", seen), on("look", problem="shots_few", tries_left=2))
    assert not asked_who(d)


def test_a_face_that_was_measured_only_at_the_end_did_not_answer_the_lights() -> None:
    def seen(d: Desk) -> None:
        def sight(lamps: Any) -> list[e.LookSeen]:
            found = list(shots(Scene(), lamps, 1))
            return [replace(one, face=b"" if n < len(found) - 9 else OTHER) for n, one in enumerate(found)]

        plays_lights(d, sight)

    d = tell_story(at_the_lights(), on("light", seen), on("look", problem="shots_few", tries_left=2))
    assert not asked_who(d)


def test_gestures_by_a_face_that_nobody_measured_name_nobody_where_lamps_are_usual() -> None:
    d = tell_story(desk(), send(bill(amount_fen=100)), on("ways", press("face")), on("look", press("no_light")))
    tell_story(d, on("look", good_face))
    for _ in range(2):
        gesture(d, d.screen.fields["step"])
    tell_story(d, on("look", problem="shots_few", tries_left=2))
    assert not asked_who(d)


@pytest.mark.parametrize("which", [0, -1])
def test_a_template_is_of_the_face_at_the_beginning_and_at_the_end(which: int) -> None:
    d = at_the_lights()
    tell_story(d, on("light", answered(Scene())), on("working"))
    shown = d.terminal._case.shots
    measured = [n for n, one in enumerate(shown) if one.face]
    shown[measured[which]] = replace(shown[measured[which]], face=OTHER)
    tell_story(d, made(MEASURED), on("look", problem="face_changed"))
    assert not asked_who(d)


def test_the_shot_of_the_template_is_held_to_the_net_even_when_it_was_exposed_before_the_verdict() -> None:
    d = at_the_lights(d=tell_story(Slow(policy("P1", liveness=WITH_LAMPS)), link_up, post(LAMPS)))
    tell_story(d, on("light", answered(Scene())), on("working"))
    last = d.terminal._case.shots[-1]
    d.post(replace(last, shot=last.shot + 1, at_mono_ms=last.at_mono_ms + 1, live=0.0))
    tell_story(d, made(MEASURED), on("working"))
    assert not asked_who(d), "the net says that this shot shows a picture"


# -- tries -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("leaves", [(press("other_way"),), (post(e.CameraLost("E-CAM-02")), post(e.CameraBack()))])
def test_a_row_of_gestures_that_is_known_costs_its_try_and_three_are_all(leaves: tuple[Any, ...]) -> None:
    d = tell_story(Desk(policy("P1")), link_up, send(bill(number="A")))
    for left in (2, 1, 0):
        tell_story(d, on("ways", press("face")), on("look", good_face), on("challenge"), *leaves)
        assert d.terminal._case.tries_left == left
    tell_story(d, on("ways", ways=["qr", "card"], no_face="face_locked"))
    tell_story(d, press("cancel"), on("refused", press("done")), send(bill(number="B")))
    tell_story(d, on("ways", ways=["qr", "card"], no_face="face_locked"))
    tell_story(d, press("cancel"), on("refused", press("done")), wait(REST_MS), send(bill(number="C")))
    tell_story(d, on("ways", ways=["face", "qr", "card"]))


def test_leaving_before_anything_is_known_costs_nothing() -> None:
    d = tell_story(Desk(policy("P1")), link_up, send(bill(number="A")))
    for _ in range(5):
        tell_story(d, on("ways", press("face")), on("look", press("other_way")))
    d = at_the_lights()
    for _ in range(5):
        tell_story(d, on("light", press("other_way")), on("ways", press("face")), on("look", good_face))
    assert d.terminal._case.tries_left == 3 and not d.terminal._case.site.face_suspected


@pytest.mark.parametrize(
    "leave", [press("other_way"), press("no_light"), post(e.CameraLost("E-CAM-02")), post(e.BoardLost("E-BRD-05"))]
)
def test_who_leaves_a_doubt_was_refused(leave: Any) -> None:
    d = tell_story(at_the_lights(fen=100), on("light", begins_the_others), leave)
    case = d.terminal._case
    assert case.tries_left == 2 and case.refused == 1 and case.site.face_suspected


def begins_the_others(d: Desk) -> None:
    """The first lights leave a doubt, and the others are ordered."""
    plays_lights(d, until_longer(d))
    assert d.screen.fields.get("part") == "longer"


def until_longer(d: Desk) -> Any:
    first = iter((True,))

    def sight(lamps: Any) -> Any:
        if next(first, False):
            return shots(Scene(turn=shallow), lamps, 1)
        return shots(Scene(), lamps, 1)[:1]  # the others have only begun

    return sight


def test_over_bills_too_three_doubts_that_were_left_make_faces_rest() -> None:
    d = desk()
    for number in "ABC":
        at_the_lights(number, d=d)
        tell_story(d, on("light", begins_the_others), press("cancel"), on("refused", press("done")))
    tell_story(d, send(bill(number="D")), on("ways", ways=["qr", "card"], no_face="face_locked"))


# -- what is demanded ------------------------------------------------------------------------------
def test_a_policy_that_is_over_makes_no_look_easier() -> None:
    d = desk()
    d.wait(100 * DAY_MS)
    tell_story(d, link_up, post(LAMPS), send(LARGE), on("ways", press("face")), on("look", good_face), on("light"))
    assert d.terminal._site.in_force(d.now)[0].version == 0, "it is over"


def test_lamps_that_cannot_play_any_more_leave_no_verdict_behind() -> None:
    d = at_the_lights()

    def then_they_cannot(lamps: Any) -> Any:
        for number, one in enumerate(shots(Scene(live=0.01), lamps, 1)):
            if number == 20:
                d.post(e.BoardUp({"caps": []}))
            yield one

    tell_story(d, on("light", lambda d: plays_lights(d, then_they_cannot)), on("look", problem="light_needed"))
    assert not asked_who(d)


def test_a_face_whose_camera_is_lost_leaves_no_verdict_to_a_card() -> None:
    d = at_the_lights()
    tell_story(d, on("light", answered(Scene())), on("working"), post(e.CameraLost("E-CAM-02")), on("ways"))
    assert d.terminal._case.verdict is None and not d.terminal._case.consent_utc_ms


def test_every_check_names_its_own_reason_for_a_picture() -> None:
    assert spoofs() == {
        "spoof_score", "light_not_followed", "light_late", "light_flat", "depth_flat", "infrared_dark",
    }  # fmt: skip


def test_a_sheet_that_the_depth_eye_sees_counts_over_bills() -> None:
    rules = replace(WITH_LAMPS, bands=(LivenessBand(0, ("passive", "depth", "follows", "delay", "gain", "form", "stream")),))
    d = desk(rules)
    for number in "ABC":
        at_the_lights(number, d=d)
        tell_story(d, on("light", answered(Scene(turn=flat), relief_mm=0.5)))
        tell_story(d, press("cancel" if d.screen.name == "look" else "done"))
        tell_story(d, *((on("refused", press("done")),) if d.screen.name == "refused" else ()))
    tell_story(d, send(bill(number="D")), on("ways", ways=["qr", "card"], no_face="face_locked"))


# -- the centre ------------------------------------------------------------------------------------
def test_the_centre_holds_a_record_to_all_that_decides_and_not_to_the_rows_alone() -> None:
    d = at_the_lights()
    tell_story(d, on("light", answered(Scene())), on("working"), made(MEASURED))
    said, name = d.ask("1101").body["verdict"], d.settings.terminal

    def enough(**changes: Any) -> bool:
        verdict = convert(said | changes, VerdictIn)
        return as_demanded(verdict, policy("P1", liveness=WITH_LAMPS), LARGE.amount_fen, name)

    assert enough()
    assert not enough(odds=-40.0) and not enough(odds=float("nan")), "the odds that are asked"
    assert not enough(score=float("inf")) and not enough(score=float("nan")), "a score is a probability"
    rows, light = list(said["checks"]), said["light"]
    assert not enough(checks=[*rows, ("form", 0.05, 0.01, "pass")]), "a check twice"
    swapped = [(n, v, at, "fail" if n == "same" else state) for n, v, at, state in rows]
    assert not enough(checks=swapped), "somebody else half way"
    for wrong in ([0] * 12, [], light["lit_ms"][::-1]):
        assert not enough(light=light | {"lit_ms": wrong}), "lights one after the other"
