"""Whatever is wrong with what the camera sees, at every step of a look: the patient is told what helps, the visit ends with a
next step in its own time, and nobody is asked about at the centre."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.liveness.response import Lighting
from edge.core.types import LivenessBand, LivenessRules
from edge.drivers.vision import checks
from edge.drivers.vision.eyes import TROUBLE
from sim.stage.lamps import LAMPS, SHOT_MS, plays_lights
from tests.core.glow import Scene, shots
from tests.flows.kit import Desk, good_face, on, policy, press, send, tell_story

RULES = LivenessRules(bands=(LivenessBand(0, ("passive", "follows", "delay", "gain", "form", "stream")),))
PROBLEMS: Final = sorted(checks.says() | {TROUBLE})
BOX = (0.3, 0.3, 0.4, 0.4)
NOBODY = ("no_face", TROUBLE)
END_MS = 180_000
SHOWING = ("look", "light", "challenge", "working")


def bad(problem: str, number: int, at_mono_ms: int) -> e.LookSeen:
    """As the eyes say it: turned heads are turned, and where nobody is seen there is no box."""
    unlit = problem in ("too_dark", "too_bright") and number % 2
    box = (0.0, 0.0, 0.0, 0.0) if problem in NOBODY or unlit else BOX
    yaw = 30.0 if problem == "turned" else 0.0
    return e.LookSeen(number, at_mono_ms, problem, yaw_deg=yaw, live=-1.0 if yaw else 0.9, box=box)


def stream(d: Desk, problem: str, until: Callable[[], bool]) -> None:
    """Such shots and nothing else, as the lamps play too, until it ends."""
    number, end = 1_000, d.now.mono_ms + END_MS
    while d.screen.name in SHOWING and not until():
        assert d.now.mono_ms < end, f"{d.screen} hangs"
        if d.screen.name == "light":
            plays_lights(d, lambda lamps: spoilt(lamps, problem))
            continue
        d.wait(100)
        number += 1
        d.post(bad(problem, number, d.now.mono_ms))


def spoilt(lamps: Lighting, problem: str) -> Iterable[e.LookSeen]:
    """Shots of a try under the lamps, each with the problem; what answered the light is measured where there is a face."""
    for n, shot in enumerate(shots(Scene(), lamps)):
        one = bad(problem, n, shot.at_mono_ms)
        yield replace(one, glow=shot.glow if one.box[2] and problem != "two_faces" else ())


def begun(state: str) -> Desk:
    made = Desk(policy("P1", liveness=RULES))
    made.post(e.LinkUp())
    if state == "light":
        made.post(LAMPS)
    tell_story(made, send(), on("ways", press("face")))
    if state != "look":
        tell_story(made, on("look", good_face))
    assert made.screen.name == state
    return made


@pytest.mark.parametrize("state", ["look", "challenge", "light"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_each_problem_is_guided_and_ends_without_an_accept(problem: str, state: str) -> None:
    d = begun(state)
    began = d.now.mono_ms
    stream(d, problem, lambda: False)
    assert d.screen.name == "refused" and d.screen.fields["next_steps"], d.screen
    assert all(ask.infno != "1101" for ask in d.asks), "nobody was asked about"
    told = [show.fields["problem"] for show in d.shows if show.name == "look"]
    assert problem in told, "the patient was told what is wrong"
    assert d.now.mono_ms - began <= 2 * d.settings.look_timeout_ms + RULES.time_limit_ms
    assert SHOT_MS < 100


@pytest.mark.parametrize("problem", PROBLEMS)
def test_it_goes_on_as_soon_as_the_shots_are_good_again(problem: str) -> None:
    d = begun("look")
    stream(d, problem, lambda: d.screen.fields.get("problem") == problem)
    assert d.screen.name == "look"
    good_face(d)
    assert d.screen.name == "challenge"
