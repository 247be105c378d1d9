"""A camera that misbehaves: each time a reason, never a judgement by what cannot be judged, never a hang, and back when it
is well. The pictures are scripted, everything behind the port is real."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.core.events import CameraBack, CameraLost, Event, LookSeen
from edge.drivers.camera import Shot, command
from edge.drivers.vision.eyes import BROKEN_SHOTS, HOLD_LATE_S, Eyes
from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Look, Sight
from edge.errors import EdgeError
from sim.camera import clips, plate, stage
from sim.camera.pixels import Sensor

WAIT_S = 60.0
Rgb = np.ndarray

# Pictures of a folder for ever; those whose number the second argument divides are cut off in the middle.
TORN = """
import sys, time, pathlib
shots = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))]
every = int(sys.argv[2])
for n in range(100000):
    shot = shots[n % len(shots)]
    shot = shot[:len(shot) // 2] + b"\\xff\\xd9" if n % every == 0 else shot
    sys.stdout.buffer.write(shot); sys.stdout.buffer.flush(); time.sleep(0.06)
"""


@pytest.fixture(scope="module")
def shots() -> list[Rgb]:
    """A real person, each shot with its own noise."""
    models.fetch(models.PICTURES_DIR, "pictures")
    spot = stage.CAST["p1"]
    made = plate.make(stage.photo(models.PICTURES_DIR, spot), spot, clips.sight())
    sensor, light = Sensor(1), plate.shot_of(made.texture).astype(np.float32)
    return [sensor.expose(light) for _ in range(7)]


class Scripted:
    """A camera that gives whatever `picture(n)` says, `per_s` times a second; both may be changed while it runs."""

    def __init__(self, picture: Callable[[int], Rgb]) -> None:
        self.picture, self.per_s, self.number = picture, 15.0, 0
        self.held: list[bool] = []
        self.hold_s, self.holds, self.held_ms = 0.0, True, 0
        self.breaks = threading.Event()

    def hold(self, still: bool) -> bool:
        time.sleep(self.hold_s)
        self.held.append(still)
        self.held_ms = time.monotonic_ns() // 1_000_000
        return self.holds

    def shots(self, stop: threading.Event) -> Iterator[Shot]:
        while not stop.wait(1 / self.per_s):
            if self.breaks.is_set():
                self.breaks.clear()
                raise EdgeError("E-CAM-02", "the cable")
            self.number += 1
            yield Shot(self.picture(self.number), time.monotonic_ns() // 1_000_000, self.number)


class Watch:
    """Eyes with everything they said."""

    def __init__(self, camera: Scripted | command.Driver) -> None:
        self.said: list[Event] = []
        self.eyes = Eyes(camera, models.MODELS_DIR, self.said.append)
        self.eyes.start()
        assert self.eyes.ready.wait(WAIT_S)
        self.eyes.mode("face")

    def wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, self.said[-3:]
            time.sleep(0.02)

    def problems(self, since: int = 0) -> list[str | None]:
        return [e.problem for e in self.said[since:] if isinstance(e, LookSeen)]

    def looks(self, since: int) -> list[LookSeen]:
        return [e for e in self.said[since:] if isinstance(e, LookSeen) and not e.problem]

    def lit(self, since: int) -> list[LookSeen]:
        """Shots that told light."""
        return [e for e in self.looks(since) if e.glow]

    def lost(self) -> list[str]:
        return [e.code for e in self.said if isinstance(e, CameraLost)]


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    made: list[Watch] = []

    def start(camera: Scripted | command.Driver) -> Watch:
        made.append(Watch(camera))
        return made[-1]

    yield start
    for one in made:
        one.eyes.stop()


def test_a_camera_that_repeats_one_picture_is_lost_until_it_moves_again(
    shots: list[Rgb], watch: Callable[..., Watch]
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: None in w.problems())
    camera.picture = lambda _n: shots[0]
    w.wait(lambda: w.lost())
    assert w.lost() == ["E-CAM-08"]
    time.sleep(3.0)  # it is started again, and goes on repeating
    assert not any(isinstance(e, CameraBack) for e in w.said)
    camera.picture = lambda n: shots[n % len(shots)]
    w.wait(lambda: any(isinstance(e, CameraBack) for e in w.said))
    assert w.lost() == ["E-CAM-08"]


def test_exposure_is_held_while_the_lamps_play_and_let_go_behind(
    shots: list[Rgb], watch: Callable[..., Watch]
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: None in w.problems())
    assert camera.held == [False], "let go once: a program that was killed may have left it held"
    w.eyes.mode("light")
    seen = len(w.said)
    w.wait(lambda: camera.held == [False, True] and None in w.problems(seen))
    w.eyes.mode("face")
    w.wait(lambda: camera.held == [False, True, False])


@pytest.mark.parametrize("mode", ["light", "face"])
def test_a_camera_that_was_started_again_is_held_or_let_go_again(
    shots: list[Rgb], watch: Callable[..., Watch], mode: str
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: w.looks(0))
    w.eyes.mode("light")
    w.wait(lambda: camera.held == [False, True] and w.lit(0))
    camera.hold_s = 0.0 if mode == "light" else 0.3
    camera.breaks.set()
    if mode == "face":
        w.wait(lambda: w.lost())
        w.eyes.mode("face")
    w.wait(lambda: len(camera.held) == 3)
    assert camera.held == [False, True, mode == "light"]
    seen = len(w.said)
    w.wait(lambda: len(w.looks(seen)) >= 4)
    after = [one for one in w.lit(seen) if one.at_mono_ms > camera.held_ms]
    assert bool(after) is (mode == "face"), "the rest of a light that broke is not measured"


@pytest.mark.parametrize("hold_s", [0.0, 0.2])
def test_no_light_is_told_of_a_shot_that_was_taken_before_the_exposure_was_held(
    shots: list[Rgb], watch: Callable[..., Watch], hold_s: float
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: w.lit(0))
    camera.hold_s, camera.per_s = hold_s, 30.0
    w.eyes.mode("light")
    seen = len(w.said)
    w.wait(lambda: len(w.lit(seen)) >= 3)
    assert all(one.at_mono_ms >= camera.held_ms for one in w.lit(seen)[1:]), "one may be from before the lamps"
    w.eyes.mode("face")
    assert camera.held[:2] == [False, True]


@pytest.mark.parametrize(("hold_s", "holds"), [(HOLD_LATE_S + 0.1, True), (1.0, True), (0.0, False)])
def test_an_exposure_that_is_held_too_late_or_not_at_all_is_light_unseen_and_no_hang(
    shots: list[Rgb], watch: Callable[..., Watch], hold_s: float, holds: bool
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: w.lit(0))
    camera.hold_s, camera.holds = hold_s, holds
    w.eyes.mode("light")
    w.wait(lambda: True in camera.held)
    seen = len(w.said)
    w.wait(lambda: len(w.looks(seen)) >= 6)
    assert w.lit(seen)[1:] == [], "faces are seen, no light is told"
    camera.hold_s, camera.holds = 0.0, True
    w.eyes.mode("face")
    w.wait(lambda: camera.held[-1] is False)
    w.eyes.mode("light")
    seen = len(w.said)
    w.wait(lambda: len(w.lit(seen)) >= 3)
    assert w.lost() == []


def test_a_camera_that_changes_its_format_is_lost_and_comes_back_in_the_new_one(
    shots: list[Rgb], watch: Callable[..., Watch]
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: None in w.problems())
    turned = [np.ascontiguousarray(np.rot90(one)) for one in shots]
    camera.picture = lambda n: turned[n % len(turned)]
    w.wait(lambda: any(isinstance(e, CameraBack) for e in w.said))
    assert w.lost() == ["E-CAM-09"]
    seen = len(w.said)
    w.wait(lambda: len(w.problems(seen)) >= 3)
    assert None not in w.problems(seen), "a person lying on their side is not looked at"


def test_a_picture_too_small_for_faces_is_no_camera(watch: Callable[..., Watch]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (9, 90, 80, 3)).astype(np.uint8)
    w = watch(Scripted(lambda n: noise[n % 9]))
    w.wait(lambda: w.lost())
    assert w.lost() == ["E-CAM-09"]
    assert w.problems() == []


def test_at_one_shot_a_second_nobody_is_judged_and_the_patient_hears_why(
    shots: list[Rgb], watch: Callable[..., Watch]
) -> None:
    camera = Scripted(lambda n: shots[n % len(shots)])
    w = watch(camera)
    w.wait(lambda: None in w.problems())
    camera.per_s = 1.0
    w.wait(lambda: "camera_trouble" in w.problems())
    since = len(w.said)
    w.wait(lambda: len(w.problems(since)) >= 4)
    assert set(w.problems(since)) == {"camera_trouble"}
    assert w.lost() == []


@pytest.mark.parametrize(("level", "problem"), [(0, "too_dark"), (255, "too_bright")])
def test_black_or_burnt_pictures_have_a_reason_and_are_no_dead_camera(
    watch: Callable[..., Watch], level: int, problem: str
) -> None:
    w = watch(Scripted(lambda _n: np.full((480, 640, 3), level, np.uint8)))
    began = time.monotonic()
    w.wait(lambda: len(w.problems()) >= 10 and time.monotonic() - began > 3.0)
    assert set(w.problems()) == {problem}
    assert w.lost() == []


def test_torn_pictures_are_left_out_and_only_torn_ones_are_a_lost_camera(
    shots: list[Rgb], tmp_path: Path, watch: Callable[..., Watch]
) -> None:
    for number, one in enumerate(shots):
        Image.fromarray(one).save(tmp_path / f"{number}.jpg", quality=92)
    program = [sys.executable, "-c", TORN, str(tmp_path)]
    w = watch(command.Driver({"command": [*program, "3"]}))
    w.wait(lambda: w.problems().count(None) >= 10)
    assert w.lost() == []
    w.eyes.stop()
    hopeless = watch(command.Driver({"command": [*program, "1"]}))
    hopeless.wait(lambda: hopeless.lost())
    assert hopeless.lost() == ["E-CAM-04"]
    assert hopeless.problems() == []


def test_answers_that_are_no_numbers_are_trouble_and_then_the_end_of_the_eyes(
    shots: list[Rgb], watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real network with what a broken memory hands it."""

    def broken(self: Sight, rgb: Rgb) -> Look:
        self._spoof.run(np.full((80, 80, 3), np.nan, np.float32))
        raise AssertionError("it answered")

    monkeypatch.setattr(Sight, "look", broken)
    w = watch(Scripted(lambda n: shots[n % len(shots)]))
    w.wait(lambda: w.lost())
    assert w.lost() == ["E-VIS-07"]
    assert set(w.problems()) == {"camera_trouble"}
    assert len(w.problems()) <= BROKEN_SHOTS


def test_networks_that_take_for_ever_never_keep_the_owner_waiting(
    shots: list[Rgb], watch: Callable[..., Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = threading.Event()

    def slow(self: Sight, rgb: Rgb, *, lids_too: bool = True) -> Look:
        entered.set()
        time.sleep(2.0)
        return Look("no_face")

    monkeypatch.setattr(Sight, "look", slow)
    w = watch(Scripted(lambda n: shots[n % len(shots)]))
    assert entered.wait(WAIT_S)
    began = time.monotonic()
    for mode in ("off", "code", "face"):
        w.eyes.mode(mode)
    w.eyes.take_template()
    assert time.monotonic() - began < 0.5
