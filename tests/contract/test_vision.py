"""The vision driver's promises: clear errors, events in time, and life after a camera's death. The networks, the pictures
and the camera programs are real. (What it may load: test_models.py.)"""

from __future__ import annotations

import io
import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.core.books import roster
from edge.core.events import (
    CameraBack,
    CameraLost,
    CodeSeen,
    Event,
    LookSeen,
    PhotoMeasured,
    TemplateMade,
)
from edge.drivers.camera import command, files, none
from edge.drivers.vision.eyes import LOOKS_PER_S, Eyes
from edge.drivers.vision.nets import models
from sim.camera import clips, plate, stage
from sim.camera.pixels import Sensor

WAIT_S = 30.0

# Four pictures, then silence; the second start goes on for ever: a camera whose cable was loose.
FLAKY = """
import sys, time, pathlib
again = pathlib.Path(sys.argv[1]); shots = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[2]).glob("*.jpg"))]
first = not again.exists(); again.touch()
n = 0
while not first or n < 4:
    sys.stdout.buffer.write(shots[n % len(shots)]); sys.stdout.buffer.flush(); time.sleep(0.06); n += 1
time.sleep(60)
"""


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shots of a real person, each with its own noise."""
    models.fetch(models.PICTURES_DIR, "pictures")
    spot = stage.CAST["p1"]
    made = plate.make(stage.photo(models.PICTURES_DIR, spot), spot, clips.sight())
    folder = tmp_path_factory.mktemp("face")
    sensor, light = Sensor(1), plate.shot_of(made.texture).astype(np.float32)
    for number in range(5):
        Image.fromarray(sensor.expose(light)).save(folder / f"{number}.jpg", quality=92)
    return folder


class Watch:
    """Eyes with everything they said."""

    def __init__(self, camera: files.Driver | command.Driver | none.Driver) -> None:
        self.said: list[Event] = []
        self.eyes = Eyes(camera, models.MODELS_DIR, self.said.append)

    def wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, self.said[-3:]
            time.sleep(0.02)

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.said if isinstance(event, kind)]


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    made: list[Watch] = []

    def start(camera: files.Driver | command.Driver | none.Driver) -> Watch:
        made.append(Watch(camera))
        made[-1].eyes.start()
        return made[-1]

    yield start
    for one in made:
        one.eyes.stop()


def test_importing_the_eyes_costs_no_numpy() -> None:
    code = "import sys, edge.drivers.vision.eyes, edge.drivers.camera.files; sys.exit('numpy' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=models.PROJECT, check=False).returncode
        == 0
    )


def test_a_face_is_looked_at_at_most_15_times_a_second_and_only_when_asked(
    face: Path, watch: Callable[..., Watch]
) -> None:
    w = watch(files.Driver({"path": str(face), "fps": 60}))
    assert w.eyes.ready.wait(WAIT_S)
    time.sleep(0.3)
    assert w.said == []
    began = time.monotonic()
    w.eyes.mode("face")
    w.wait(lambda: len(w.of(LookSeen)) >= 10)
    took = time.monotonic() - began
    looks = [e for e in w.said if isinstance(e, LookSeen)]
    assert len(looks) <= took * LOOKS_PER_S * 1.25 + 2
    assert all(
        e.problem is None and e.live > 0.5 and abs(e.yaw_deg) < 10 and e.box[2] > 0.15
        for e in looks
    )
    assert all(a.shot < b.shot for a, b in itertools.pairwise(looks))
    w.eyes.mode("off")
    time.sleep(0.3)
    count = len(w.said)
    time.sleep(0.4)
    assert len(w.said) == count


def test_one_template_is_made_for_one_request(face: Path, watch: Callable[..., Watch]) -> None:
    w = watch(files.Driver({"path": str(face)}))
    w.eyes.mode("face")
    w.eyes.take_template()
    w.wait(lambda: w.of(TemplateMade))
    w.wait(lambda: len(w.of(LookSeen)) > 4)
    (made,) = w.of(TemplateMade)
    assert isinstance(made, TemplateMade)
    numbers = np.frombuffer(made.template, "<f4")
    assert numbers.shape == (192,)
    assert float(np.linalg.norm(numbers)) == pytest.approx(1.0, abs=1e-4)
    assert made.model == models.members()["embed"].sha256


def test_the_photo_on_a_card_is_measured_by_the_net_that_looks(
    face: Path, watch: Callable[..., Watch]
) -> None:
    """102 x 126 pixels, as on an ID card's chip: the holder is alike, another person is not."""
    w = watch(files.Driver({"path": str(face)}))
    w.eyes.mode("face")
    w.eyes.take_template()
    w.wait(lambda: w.of(TemplateMade))
    found = []
    for name in ("p1", "p2"):
        w.eyes.measure(chip_photo(name))
        w.wait(lambda: len(w.of(PhotoMeasured)) > len(found))
        found.append(w.of(PhotoMeasured)[-1])
    (made,) = w.of(TemplateMade)
    own, other = (roster.alike(one.template, made.template) for one in found)
    assert all(one.model == made.model for one in found)
    assert own > 0.64 > other


@pytest.mark.parametrize("bad", [b"", b"no picture", bytes(2000), b"\xff\xd8\xff" + bytes(500)])
def test_a_photo_that_is_none_is_nobodys_face(
    face: Path, watch: Callable[..., Watch], bad: bytes
) -> None:
    w = watch(files.Driver({"path": str(face)}))
    w.eyes.measure(bad or b"\0")
    w.wait(lambda: w.of(PhotoMeasured))
    assert w.of(PhotoMeasured)[0].template == b""


def chip_photo(name: str) -> bytes:
    """The face of somebody of the cast, cut and made small as on a chip."""
    spot = stage.CAST[name]
    made = plate.make(stage.photo(models.PICTURES_DIR, spot), spot, clips.sight())
    picture = np.clip(plate.shot_of(made.texture), 0, 255).astype(np.uint8)
    found = max(clips.sight().faces(picture), key=lambda one: one.w)
    x, y, side = found.x - found.w * 0.35, found.y - found.h * 0.55, found.w * 1.7
    box = (x, y, x + side, y + side * 126 / 102)
    cut = Image.fromarray(picture).crop(tuple(round(one) for one in box)).resize((102, 126))
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=85)
    return out.getvalue()


def test_a_code_held_still_is_read_and_not_repeated_with_every_shot(
    tmp_path: Path, watch: Callable[..., Watch]
) -> None:
    text = "EC:6f1d0c5a-9b1e-4f5d-8c59-1f4f6a7e2b10:1700000000"
    clips.make_qr_clip(text, tmp_path / "code", seconds=1.0)
    w = watch(files.Driver({"path": str(tmp_path / "code"), "fps": 30}))
    w.eyes.mode("code")
    w.wait(lambda: w.of(CodeSeen))
    time.sleep(0.7)
    assert w.of(CodeSeen) == [CodeSeen(text)]


def test_a_camera_that_stops_delivering_is_lost_and_comes_back(
    face: Path, tmp_path: Path, watch: Callable[..., Watch]
) -> None:
    arguments = [sys.executable, "-c", FLAKY, str(tmp_path / "again"), str(face)]
    w = watch(command.Driver({"command": arguments}))
    w.eyes.mode("face")
    w.wait(lambda: w.of(CameraBack))
    assert w.of(CameraLost) == [CameraLost("E-CAM-02")]
    seen = len(w.of(LookSeen))
    w.wait(lambda: len(w.of(LookSeen)) > seen)


def test_a_terminal_without_a_camera_says_it_once(watch: Callable[..., Watch]) -> None:
    w = watch(none.Driver({}))
    time.sleep(1.5)
    assert w.said == [CameraLost("E-CAM-07")]
