"""Every camera keeps the port's promises. A new camera is a new file in edge/drivers/camera; this test finds it."""

from __future__ import annotations

import io
import itertools
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from edge import loader
from edge.drivers.camera import Shot, command, files, none
from edge.drivers.camera.pictures import JpegCutter
from edge.errors import EdgeError

# A program as rpicam-vid is one: JPEG pictures to standard output, each a little brighter, then what `{end}` says.
PROGRAM = """
import io, sys, time
from PIL import Image
for n in range({count}):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (n, n, n)).save(out, "JPEG")
    sys.stdout.buffer.write(out.getvalue()); sys.stdout.buffer.flush(); time.sleep({pause})
{end}
"""


def program(count: int, pause: float, end: str = "time.sleep(60)") -> command.Driver:
    text = PROGRAM.format(count=count, pause=pause, end=end)
    return command.Driver({"command": [sys.executable, "-c", text]})


def jpeg(tone: int, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (tone, tone, tone)).save(out, "JPEG", quality=95)
    return out.getvalue()


def folder(path: Path, tones: list[int]) -> Path:
    path.mkdir(parents=True)
    for n, tone in enumerate(tones):
        (path / f"{n:03d}.jpg").write_bytes(jpeg(tone))
    return path


def take(camera: files.Driver | command.Driver, count: int) -> list[Shot]:
    return list(itertools.islice(camera.shots(threading.Event()), count))


def tone(shot: Shot) -> int:
    return round(float(shot.rgb.mean()))


def test_every_camera_file_is_a_camera() -> None:
    assert set(loader.choices("camera")) >= {"command", "files", "none"}
    for name in loader.choices("camera"):
        driver = loader.load("camera", name)
        assert callable(driver.shots)
        with pytest.raises(EdgeError) as wrong:
            driver({"no_such_option": 1})
        assert wrong.value.code == "E-CAM-05"


def test_shots_are_rgb_pictures_with_rising_numbers_and_times(tmp_path: Path) -> None:
    for camera in (
        files.Driver({"path": str(folder(tmp_path / "a", [10, 20, 30])), "fps": 60}),
        program(20, 0.02),
    ):
        shots = take(camera, 4)
        assert all(s.rgb.dtype == "uint8" and s.rgb.shape == (48, 64, 3) for s in shots)
        assert all(
            a.number < b.number and a.at_mono_ms <= b.at_mono_ms
            for a, b in itertools.pairwise(shots)
        )


def test_shots_end_when_stop_is_set(tmp_path: Path) -> None:
    stop = threading.Event()
    for camera in (files.Driver({"path": str(folder(tmp_path / "a", [10]))}), program(1000, 0.01)):
        stop.clear()
        for _ in camera.shots(stop):
            stop.set()


def test_no_camera_says_so() -> None:
    with pytest.raises(EdgeError) as missing:
        next(iter(none.Driver({}).shots(threading.Event())))
    assert missing.value.code == "E-CAM-07"


def test_a_folder_is_played_in_order_and_again(tmp_path: Path) -> None:
    path = folder(tmp_path / "a", [0, 100, 200])
    seen = [tone(s) for s in take(files.Driver({"path": str(path), "fps": 20}), 7)]
    steps = {(0, 100), (100, 200), (200, 0)}
    assert sum(pair in steps for pair in itertools.pairwise(seen)) >= 4, (
        seen
    )  # a busy machine may miss one


def test_a_stage_plays_what_the_cue_says_and_once_goes_back_to_idle(tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    folder(stage / "idle", [10])
    folder(stage / "ann" / "front", [100])
    folder(stage / "ann" / "idle", [60])
    (stage / "cue").write_text("idle")
    shots = files.Driver({"path": str(stage), "fps": 20}).shots(threading.Event())
    assert tone(next(shots)) == 10
    (stage / "cue").write_text("ann/front")
    assert tone(next(shots)) == 100
    (stage / "cue").write_text("once:ann/front")
    later = [tone(next(shots)) for _ in range(4)]
    assert later[-1] == 60, "after once the person stands there again"


@pytest.mark.parametrize(("suffix", "kind"), [(".gif", "GIF"), (".webp", "WEBP")])
def test_an_animation_is_a_camera_too(tmp_path: Path, suffix: str, kind: str) -> None:
    stills = [Image.new("RGB", (64, 48), (v, v, v)) for v in (0, 120, 240)]
    path = tmp_path / f"film{suffix}"
    stills[0].save(path, kind, save_all=True, append_images=stills[1:], duration=50)
    assert {tone(s) // 60 for s in take(files.Driver({"path": str(path), "fps": 30}), 6)} >= {0, 2}


def test_motion_jpeg_is_cut_at_the_pictures_whatever_lies_between(tmp_path: Path) -> None:
    inner = jpeg(5, (16, 16))
    thumb = (
        b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    )  # a thumbnail inside the picture
    picture = jpeg(77)
    data = b"RIFF00dc" + picture[:2] + thumb + picture[2:] + b"00dc\xff" + jpeg(200)
    cutter = JpegCutter()
    pieces = [p for n in range(0, len(data), 7) for p in cutter.feed(data[n : n + 7])]
    assert len(pieces) == 2
    (tmp_path / "film.avi").write_bytes(data)
    assert {
        tone(s) for s in take(files.Driver({"path": str(tmp_path / "film.avi"), "fps": 60}), 4)
    } == {77, 200}


def test_noise_is_no_picture_and_does_not_grow_the_buffer() -> None:
    cutter = JpegCutter()
    for _ in range(40):
        assert list(cutter.feed(b"\xff\xd8\xff\xe0" + b"\x00" * 400_000)) == []
    assert len(cutter._rest) <= 9 * 1024 * 1024


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: p / "nowhere", "E-CAM-01"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "E-CAM-03"),
        (
            lambda p: (
                ((p / "bad").mkdir(), (p / "bad" / "a.jpg").write_bytes(b"no"))[0] or p / "bad"
            ),
            "E-CAM-04",
        ),
        (
            lambda p: ((p / "s").mkdir(), (p / "s" / "cue").write_text("who"))[0] or p / "s",
            "E-CAM-03",
        ),
        (
            lambda p: ((p / "s").mkdir(), (p / "s" / "cue").write_text("../../etc"))[0] or p / "s",
            "E-CAM-03",
        ),
    ],
)
def test_a_wrong_path_is_told_with_its_code(tmp_path: Path, make: object, code: str) -> None:
    camera = files.Driver({"path": str(make(tmp_path))})  # type: ignore[operator]
    with pytest.raises(EdgeError) as problem:
        take(camera, 1)
    assert problem.value.code == code


def test_a_slow_reader_sees_the_present_not_the_past() -> None:
    shots = program(200, 0.02).shots(threading.Event())
    first = next(shots)
    time.sleep(0.5)
    assert next(shots).number >= first.number + 5
    shots.close()


def test_a_program_that_ends_is_a_lost_camera_and_leaves_nothing_behind() -> None:
    with pytest.raises(EdgeError) as lost:
        take(program(2, 0.01, end="sys.exit(3)"), 50)
    assert lost.value.code == "E-CAM-02"
    assert "3" in lost.value.message
    with pytest.raises(EdgeError) as absent:
        take(command.Driver({"command": ["no-such-camera-program"]}), 1)
    assert absent.value.code == "E-CAM-01"
    assert not [p for p in psutil.Process().children() if "Image.new" in " ".join(p.cmdline())]


def test_a_program_that_falls_silent_is_a_lost_camera() -> None:
    with pytest.raises(EdgeError) as lost:
        take(program(3, 0.01), 50)
    assert lost.value.code == "E-CAM-02"


@pytest.mark.parametrize("still", [True, False])
def test_the_program_that_holds_the_exposure_is_run(tmp_path: Path, still: bool) -> None:
    touch = ["touch", str(tmp_path / "done")]  # and not an interpreter, which a busy machine starts too late
    camera = command.Driver({"hold" if still else "free": touch})
    assert camera.hold(not still), "nothing to try"
    assert not (tmp_path / "done").exists()
    assert camera.hold(still)
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize("bad", [["no-such-program"], ["false"], [sys.executable, "-c", "import time; time.sleep(9)"]])
def test_a_camera_that_cannot_be_held_says_so_and_goes_on(bad: list[str]) -> None:
    began = time.monotonic()
    assert not command.Driver({"hold": bad}).hold(True)
    assert time.monotonic() - began < command.HOLD_WAIT_S + 2
