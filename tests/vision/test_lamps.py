"""People and attacks under the terminal's lamps, through the real networks: what the checks of the
controlled light make of the physics. Few presentations each; the table is `facepay pad-eval`'s.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from edge.core.events import Lit, LookSeen
from edge.core.liveness import LIVE, NOT_LIVE, Weighed, weigh
from edge.core.liveness.checks import same
from edge.core.liveness.evidence import lit
from edge.core.liveness.regions import GLOW_NUMBERS
from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import draw
from edge.core.liveness.sequence import lamps as steps_lamps
from edge.core.types import LivenessRules
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.sight import Sight
from edge.wire.cable import challenge_text
from sim.board.pytest_plugin import Bench
from sim.camera import lamps, padset, plate, visit
from sim.camera.padset import TRAIN
from sim.camera.places import SURFACES, visit_at_places
from sim.camera.visit import kinds

LIGHT = ("follows", "delay", "gain", "form", "steady", "stream")  # without the net: light alone


@pytest.fixture(scope="module")
def studio(sight: Sight) -> padset.Studio:
    return padset.Studio(sight)


def judged(species: str, who: str, studio: padset.Studio, sight: Sight, seed: int) -> Weighed:
    row = padset.Row(f"{species}/0", species, who, seed, tone=1.0, glasses=False)
    at, light = visit.Setting(300.0, (1.0, 1.0, 1.0), 45.0, seed), visit.lighting(random.Random(seed))
    sight.forget()
    looks = []
    for number, (stamp, jpeg) in enumerate(visit.play(species, studio.person(row), at, light, seed)):
        rgb = rgb_of(jpeg)
        looks.append(seen(sight.look(rgb, lids_too=False), rgb, stamp, number))
    assert sum(len(look.glow) == GLOW_NUMBERS for look in looks) > len(looks) * 0.8, "a face is seen"
    return weigh(lit(tuple(looks), light, 0.5), LIGHT, -9.0, LivenessRules())


def at_places(species: str, who: str, studio: padset.Studio, seed: int, light: Lighting) -> tuple[LookSeen, ...]:
    row = padset.Row(f"{species}/0", species, who, seed, tone=1.0, glasses=False)
    at = visit.Setting(300.0, (1.0, 1.0, 1.0), 45.0, seed)
    return visit_at_places(species, studio.person(row), at, light, seed)


def values(weighed: Weighed) -> dict[str, float]:
    return {score.check: score.value for score in weighed.scores}


def test_a_person_under_the_lamps_is_seen_and_passes(studio: padset.Studio, sight: Sight) -> None:
    weighed = judged("live", "p2", studio, sight, 5)
    assert weighed.outcome == LIVE, weighed
    assert values(weighed)["follows"] > 0.95 and values(weighed)["passive"] > 0.5


@pytest.mark.parametrize(
    ("species", "reason"),
    [
        ("print_bent", "light_flat"),
        ("cutout_eyes", "light_flat"),
        ("injected", "light_not_followed"),
        ("replay_imitating", "light_late"),
    ],
)
def test_each_check_says_what_it_is_there_for(studio: padset.Studio, species: str, reason: str) -> None:
    light = visit.lighting(random.Random(8))
    weighed = weigh(lit(at_places(species, "p2", studio, 8, light), light, 0.5), LIGHT, -9.0, LivenessRules())
    assert weighed.outcome == NOT_LIVE and reason in weighed.reasons, weighed


def test_a_resin_mask_is_named_as_what_light_alone_does_not_stop(studio: padset.Studio) -> None:
    """When this fails, LIVENESS.md must be changed: it says that such a mask passes."""
    assert kinds()["mask_resin"].LEVEL == 3
    light = visit.lighting(random.Random(9))
    seen = at_places("mask_resin", "p2", studio, 9, light)
    assert weigh(lit(seen, light, 0.5), LIGHT, -9.0, LivenessRules()).outcome == LIVE


def test_two_people_are_not_the_same_and_one_is_in_any_light(studio: padset.Studio, sight: Sight) -> None:
    faces = []
    for name, gain in (("p2", 1.0), ("p2", 0.6), ("p3", 1.0), ("p1", 1.0)):
        shot = (plate.shot_of(studio.plate(name).texture) * gain).astype(np.uint8)
        faces.append(sight.template(shot, sight.faces(shot)[0]).astype("<f4").tobytes())
    assert same.alike(faces[0], faces[1]) > 0.8
    assert max(same.alike(faces[0], other) for other in faces[2:]) < same.LIMIT


def test_the_same_seed_is_the_same_visit_to_the_byte(studio: padset.Studio) -> None:
    row = padset.Row("live/0", "live", "p2", 3, tone=0.45, glasses=True)
    light = visit.lighting(random.Random(3))
    at = visit.setting(random.Random(4))
    play = [visit.play("live", studio.person(row), at, light, 3) for _ in range(2)]
    assert [next(play[0]) for _ in range(2)] == [next(play[1]) for _ in range(2)]


def test_every_species_is_a_file_and_declares_its_level() -> None:
    assert {kind.LEVEL for kind in kinds().values()} == {0, 1, 2, 3}
    assert sum(kind.LEVEL == 1 for kind in kinds().values()) >= 6


# -- without pictures -------------------------------------------------------------------------------
def test_the_light_at_the_places_alone_is_that_of_the_pictures(studio: padset.Studio, sight: Sight) -> None:
    """The fast sets stand for the slow ones only as long as this holds."""
    seed, light = 6, visit.lighting(random.Random(6))
    for species, low, high in (("live", 0.6, 1.5), ("print_bent", -0.2, 0.2)):
        fast = weigh(lit(at_places(species, "p2", studio, seed, light), light, 0.5), LIGHT, -9.0, LivenessRules())
        slow = values(judged(species, "p2", studio, sight, seed))
        assert values(fast)["gain"] == pytest.approx(slow["gain"], rel=0.2)
        assert values(fast)["follows"] > 0.95 and slow["follows"] > 0.95
        assert low < values(fast)["form"] < high and low < slow["form"] < high


@pytest.mark.parametrize("species", [name for name in sorted(kinds()) if name not in ("live", "mask_resin")])
def test_no_species_but_the_one_that_is_named_has_the_light_of_a_head(studio: padset.Studio, species: str) -> None:
    for seed in (21, 22):
        light = visit.lighting(random.Random(seed))
        seen = at_places(species, TRAIN[seed % 3], studio, seed, light)
        assert weigh(lit(seen, light, 0.5), LIGHT, -99.0, LivenessRules()).outcome == NOT_LIVE
        assert SURFACES.keys() == kinds().keys()


# -- the controller's own lamps ---------------------------------------------------------------------
def test_the_lamps_of_the_real_firmware_are_answered_by_a_head_and_not_by_a_sheet(
    studio: padset.Studio, board: Bench
) -> None:
    """The VM plays the sequence on the board's ring; what the ring showed lights the face; the report
    on the cable is all that the judge knows of the lamps.
    """
    drawn = draw(bytes(range(16)), visit.TERMINAL)
    board.link_up()
    before = len(board.control.lamps().history)
    board.command("challenge", challenge_text(7, drawn.step_ms, drawn.steps))
    board.run(drawn.length_ms + 500)
    (told,) = (e for e in board.terminal.events if isinstance(e, Lit))
    changes = [at_us for at_us, _ in board.control.lamps().history[before:]]
    begins = [next(at for at in changes if _shows(board, at, drawn.steps[0]))]
    for step in drawn.steps[1:]:
        begins.append(next(at for at in changes if at > begins[-1] and _shows(board, at, step)))
    end_us = next(at for at in changes if at > begins[-1])
    shone = Lighting(drawn, tuple(at / 1_000 for at in begins), end_us / 1_000)
    first = end_us / 1_000 - told.at_us[-1] / 1_000 - drawn.step_ms  # as `core.visit.face.light` reckons
    known = Lighting(drawn, tuple(first + at / 1_000 for at in told.at_us), end_us / 1_000)
    assert max(abs(a - b) for a, b in zip(shone.lit_ms, known.lit_ms, strict=True)) < 5
    for species, outcome in (("live", LIVE), ("print_flat", NOT_LIVE)):
        seen = at_places(species, "p2", studio, 5, shone)
        assert weigh(lit(seen, known, 0.5), LIGHT, -99.0, LivenessRules()).outcome == outcome


def _shows(board: Bench, at_us: int, step: str) -> bool:
    now = board.control.light(at_us)
    return all(
        [v > 0.5 for v in half] == [v > 0.5 for v in lamp]
        for half, lamp in zip((now.left, now.right), steps_lamps(step), strict=True)
    )


# -- the light itself ------------------------------------------------------------------------------
def test_a_flat_thing_receives_both_lamps_alike_in_the_middle() -> None:
    x, y = lamps.plane()
    zero, one = np.zeros_like(x), np.ones_like(x)
    light = lamps.toward(x, y, zero, (zero, zero, one))
    high, wide = light.shape[0] // 2, light.shape[1] // 2
    assert light[high, wide, 0] == pytest.approx(light[high, wide, 1], rel=1e-4)
    assert light[high, wide + 100, 0] > light[high, wide + 100, 1], "the left lamp is at the right"


def test_skin_that_faces_the_left_lamp_receives_more_of_it() -> None:
    x = np.zeros((1, 1), np.float32)
    left = lamps.toward(x, x, x, lamps.unit(x - 1.0, x))
    assert left[0, 0, 0] > 1.3 * left[0, 0, 1]


def test_a_rolling_shutter_sees_a_change_in_some_rows_first() -> None:
    light = visit.lighting(random.Random(2))
    assert light.sequence.steps[0] != "off", "else there is no change to see"
    edge = light.lit_ms[0] + lamps.READOUT_MS / 2
    rows = lamps.rows(light, edge).sum(axis=(1, 2))
    assert rows[0] < rows[-1] and (rows[:-1] <= rows[1:]).all()
