"""More eyes: a screen has no face in infrared, a sheet has no nose in depth, a head has both, and a camera without such
eyes says nothing. Planes are simulated (sim/camera/planes.py), everything that looks at them is the terminal's own."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from edge.core import liveness
from edge.core.events import LookSeen
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence
from edge.core.types import LivenessBand, LivenessRules
from edge.drivers.camera import Shot, files
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from sim.camera import planes, plate, stage

SHOTS = 6


@pytest.fixture(scope="module", params=["p1", "p2"])
def person(request: pytest.FixtureRequest, sight: Sight) -> plate.Plate:
    models.fetch(models.PICTURES_DIR, "pictures")
    spot = stage.CAST[request.param]
    return plate.make(stage.photo(models.PICTURES_DIR, spot), spot, sight)


def looks(sight: Sight, person: plate.Plate, ir: object, depth: object) -> tuple[LookSeen, ...]:
    """What is said of six shots with these planes, made by `make(plate, seed)`."""
    light = person.screen.before(plate.shot_of(person.texture).astype(np.float32))
    rgb = np.clip(light, 0, 255).astype(np.uint8)  # with the panels that hide whoever stood beside
    out = []
    for n in range(SHOTS):
        shot = Shot(rgb, n, n, ir and ir(person, n), depth and depth(person, n))  # type: ignore[operator]
        out.append(seen(sight.depths(sight.look(rgb), shot), rgb, n * 67, n))
    return tuple(out)


def state(check: str, shots: tuple[LookSeen, ...]) -> str:
    found = liveness.checks()[check]
    return found.judge(Evidence(shots), found.LIMIT).state


def test_a_living_head_is_there_in_infrared_and_its_nose_stands_out(
    sight: Sight, person: plate.Plate
) -> None:
    shots = looks(sight, person, planes.skin_ir, planes.head_depth)
    assert state("infrared", shots) == PASS
    assert state("depth", shots) == PASS
    assert all(10 < one.relief_mm < 40 for one in shots), [one.relief_mm for one in shots]


def test_a_screen_has_no_face_in_infrared_whatever_it_shows(sight: Sight, person: plate.Plate) -> None:
    shots = looks(sight, person, planes.screen_ir, planes.sheet_depth)
    assert {one.infrared for one in shots} == {0.0}
    assert state("infrared", shots) == FAIL


@pytest.mark.parametrize(("tilt_deg", "bend_mm"), [(0, 0), (30, 0), (15, 25), (0, -25)])
def test_a_sheet_flat_tilted_or_bent_has_no_nose(
    sight: Sight, person: plate.Plate, tilt_deg: float, bend_mm: float
) -> None:
    def sheet(who: plate.Plate, seed: int) -> np.ndarray:
        return planes.sheet_depth(who, seed, tilt_deg, bend_mm)

    shots = looks(sight, person, planes.print_ir, sheet)
    assert max(one.relief_mm for one in shots) < 5
    assert state("depth", shots) == FAIL
    assert state("infrared", shots) == PASS, "infrared alone does not stop a print: depth does"


def test_a_camera_without_such_eyes_says_nothing_and_fails_nobody_until_a_policy_demands_them(
    sight: Sight, person: plate.Plate
) -> None:
    shots = looks(sight, person, None, None)
    assert {(one.infrared, one.relief_mm) for one in shots} == {(-1.0, -1.0)}
    assert state("infrared", shots) == state("depth", shots) == UNKNOWN
    dear = LivenessBand(1_000_00, ("passive", "depth"))
    rules = LivenessRules((LivenessBand(0, ("passive",)), dear))
    lively = tuple(replace(one, live=0.99) for one in shots)
    for amount_fen, outcome in ((999_99, liveness.LIVE), (1_000_00, liveness.UNSURE)):
        must = liveness.band(rules, amount_fen).must
        weighed = liveness.weigh(Evidence(lively), must, -99.0, rules)
        assert weighed.outcome == outcome
    assert weighed.reasons == ("eye_missing",)


def test_depth_with_too_many_holes_is_not_measured(sight: Sight, person: plate.Plate) -> None:
    shots = looks(sight, person, None, lambda who, n: planes.head_depth(who, n) * 0)
    assert {one.relief_mm for one in shots} == {-1.0}


def test_planes_lie_beside_the_pictures_and_a_wrong_one_is_an_error(
    sight: Sight, person: plate.Plate, tmp_path: Path
) -> None:
    Image.fromarray(plate.shot_of(person.texture)).save(tmp_path / "0.jpg")
    Image.fromarray(planes.skin_ir(person)).save(tmp_path / "0.ir.png")
    Image.fromarray(planes.head_depth(person)).save(tmp_path / "0.depth.png")
    shot = next(iter(files.Driver({"path": str(tmp_path)}).shots(threading.Event())))
    assert shot.ir is not None
    assert shot.depth is not None
    assert (shot.ir == planes.skin_ir(person)).all()
    assert (shot.depth == planes.head_depth(person)).all()
    Image.fromarray(planes.skin_ir(person)).save(tmp_path / "0.depth.png")
    with pytest.raises(EdgeError, match="E-CAM-04"):
        next(iter(files.Driver({"path": str(tmp_path)}).shots(threading.Event())))
