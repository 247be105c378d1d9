"""Each gate: what it stops, with its own words in both languages, and that it lets a good face through. The faces are
photographs of real people; masks, glasses and the crowd are drawn onto them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from edge.core.events import LookSeen
from edge.core.liveness.checks import steady
from edge.core.liveness.evidence import FAIL, Evidence
from edge.core.types import Verdict
from edge.core.visit.face import liveness
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision import checks
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from edge.http.kiosk import STATIC
from sim.camera import plate, stage
from sim.camera.head import Gesture, Head
from sim.camera.pixels import Sensor

MASK = (
    197, 111, 116, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 345, 340,
)  # fmt: skip  # the outline of a mask over nose, cheeks and chin, as mesh points
EYES = ((33, 133), (362, 263))
SURGICAL, WHITE, BLACK = (120, 170, 215), (240, 240, 240), (25, 25, 28)


def shot(people: Path, name: str) -> np.ndarray:
    return rgb_of(sorted((people / name).glob("*.jpg"))[3].read_bytes())


def masked(rgb: np.ndarray, sight: Sight, colour: tuple[int, int, int]) -> np.ndarray:
    points = sight.shape(rgb, sight.faces(rgb)[0]).points
    picture = Image.fromarray(rgb)
    ImageDraw.Draw(picture).polygon([tuple(points[i, :2]) for i in MASK], fill=colour)
    return np.asarray(picture)


def shaded(rgb: np.ndarray, sight: Sight) -> np.ndarray:
    """Dark glasses."""
    points = sight.shape(rgb, sight.faces(rgb)[0]).points
    picture = Image.fromarray(rgb)
    for corners in EYES:
        a, b = points[corners[0], :2], points[corners[1], :2]
        (x, y), r = (a + b) / 2, float(np.hypot(*(a - b))) * 0.9
        ImageDraw.Draw(picture).ellipse((x - r, y - r * 0.75, x + r, y + r * 0.75), fill=(20, 20, 22))
    return np.asarray(picture)


def behind(rgb: np.ndarray, other: np.ndarray, sight: Sight, scale: float) -> np.ndarray:
    """The face of `other`, cut out and `scale` times as large, on a shirt beside the patient."""
    face = sight.faces(other)[0]
    box = [int(v) for v in (face.x - 0.2 * face.w, face.y - 0.4 * face.h)]
    box += [int(v) for v in (face.x + 1.2 * face.w, face.y + 1.2 * face.h)]
    cut = Image.fromarray(other).crop(tuple(box))  # type: ignore[arg-type]
    cut = cut.resize((round(cut.width * scale), round(cut.height * scale)))
    out = Image.fromarray(rgb)
    out.paste(cut, (8, 470 - cut.height))
    return np.asarray(out)


def eyes_say(sight: Sight, rgb: np.ndarray, at_ms: int) -> LookSeen:
    return seen(sight.look(rgb), rgb, at_ms, at_ms)


def test_a_check_is_a_file_and_every_problem_it_names_has_its_own_words_on_screen_and_in_the_voice() -> None:
    folder = Path(checks.__file__).parent
    assert set(checks.modules()) == {p.stem for p in folder.glob("*.py")} - {"__init__"}
    assert len({module.AT for module in checks.modules().values()}) == len(checks.modules())
    listed = json.loads((STATIC / "i18n" / "codes.json").read_text())["problems"]
    assert checks.says() <= set(listed)
    for lang in ("zh-CN", "en"):
        texts = json.loads((STATIC / "i18n" / f"{lang}.json").read_text())
        words = [texts[f"problem.{problem}"] for problem in checks.says()]
        assert len(set(words)) == len(words)
        assert all(texts[f"say.look.{problem}"].strip() for problem in checks.says())


@pytest.mark.parametrize("who", ["p1", "p2"])
def test_a_mask_or_dark_glasses_are_named_and_a_bare_face_passes(
    people: Path, sight: Sight, who: str
) -> None:
    bare = shot(people, f"{who}/front")
    assert sight.look(bare).problem is None
    for colour in (SURGICAL, WHITE, BLACK):
        assert sight.look(masked(bare, sight, colour)).problem in ("covered", "no_face"), colour
    assert sight.look(masked(bare, sight, SURGICAL)).problem == "covered"
    assert sight.look(shaded(bare, sight)).problem == "covered"


def test_a_face_on_the_shirt_behind_is_nobody_and_one_as_large_as_the_patients_stops(
    people: Path, sight: Sight
) -> None:
    alone, other = shot(people, "p1/front"), shot(people, "p2/front")
    mine = sight.faces(alone)[0]
    look = sight.look(behind(alone, other, sight, 0.42))
    assert look.problem is None
    assert look.face is not None
    assert abs(look.face.x - mine.x) < 10
    assert sight.look(behind(alone, other, sight, 0.85)).problem == "two_faces"


def test_a_head_that_lies_on_its_side_is_asked_to_sit_up(people: Path, sight: Sight) -> None:
    upright = Image.fromarray(shot(people, "p1/front"))
    assert sight.look(np.asarray(upright.rotate(50))).problem in ("turned", "off_centre")
    for side in (-1, 1):  # the lamps stand left and right of a head: so much is all the same to them, more is not
        assert sight.look(np.asarray(upright.rotate(side * 12))).problem is None
        assert sight.look(np.asarray(upright.rotate(side * 27))).problem == "turned"


def test_before_an_upright_camera_the_face_may_fill_a_27th_of_ten_of_its_width_and_no_more(
    people: Path, sight: Sight
) -> None:
    wide = shot(people, "p1/front")
    middle = sight.faces(wide)[0].x + sight.faces(wide)[0].w / 2
    for across, problem in ((440, None), (350, "too_close")):
        left = int(middle - across / 2)
        assert sight.look(np.ascontiguousarray(wide[:, left : left + across])).problem == problem


def test_a_black_room_a_burnt_picture_and_an_empty_one_each_have_their_reason(sight: Sight) -> None:
    noise = np.random.default_rng(1).integers(0, 12, (480, 640, 3)).astype(np.uint8)
    assert sight.look(np.zeros((480, 640, 3), np.uint8)).problem == "too_dark"
    assert sight.look(noise).problem == "too_dark"
    assert sight.look(255 - noise).problem == "too_bright"
    assert sight.look(np.full((480, 640, 3), 128, np.uint8)).problem == "no_face"


def test_the_face_on_the_shirt_is_not_taken_for_the_patient_who_ducks_away(people: Path, sight: Sight) -> None:
    """Begun with a printed face in the picture; then only the print is left, and lights or gestures go on."""
    mine, other, empty = shot(people, "p1/front"), shot(people, "p2/front"), shot(people, "idle")
    first = eyes_say(sight, behind(mine, other, sight, 0.42), 0)
    assert first.problem is None
    later = [eyes_say(sight, behind(empty, other, sight, 0.42), n * 200) for n in range(1, 9)]
    assert all(look.problem is not None for look in later), "nobody is served by a shirt"
    clip: liveness.Clip | Verdict = liveness.begin(("blink",), first)
    for look in later:
        clip = liveness.watch(clip, look, 0.5) if isinstance(clip, liveness.Clip) else clip
    assert isinstance(clip, Verdict) and clip.reasons == ("face_changed",), clip
    found = steady.judge(Evidence((first, *later)), steady.LIMIT)
    assert (found.state, found.reason) == (FAIL, "face_changed")


def test_in_a_room_that_goes_dark_the_only_word_is_that_it_is_dark(sight: Sight) -> None:
    """A sensor that turns up its gain in the dark is in it; from the first complaint on nothing else is said."""
    models.fetch(models.PICTURES_DIR, "pictures")
    spot = stage.CAST["p2"]
    made = plate.make(stage.photo(models.PICTURES_DIR, spot), spot, sight)
    light = Head(made).render(Gesture(-made.pose.yaw_deg))
    said = []
    for part in (1.0, 0.5, 0.2, 0.1, 0.07, 0.05, 0.02, 0.005, 0.0):
        look = eyes_say(sight, Sensor(2).expose(light * part, 1.0 + 0.3 / (part + 0.1)), 0)
        said.append(look.problem)
        assert look.problem is None or look.problem == "too_dark", (part, said)
    assert said[0] is None and said[2:] == ["too_dark"] * 7
