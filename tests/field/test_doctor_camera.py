"""What the doctor says of a camera that is another program: is it the one that is meant, is it held under the lamps?"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.config import check
from edge.drivers.camera import command
from edge.field.checks import OK, WARN, Ask, camera
from tests.field.test_carrying import CONFIG

EXAMPLE = Path(__file__).resolve().parents[2] / "edge/field/deploy/facepay.example.toml"
LAMPS = '[board]\ndriver = "serial_port"\nport = "/dev/none"\npair_key = "/dev/none"\n'
BY_ID = "/dev/v4l/by-id/usb-046d_C920-video-index0"
HELD = f'hold = ["v4l2-ctl", "-d", "{BY_ID}"]\nfree = ["v4l2-ctl", "-d", "{BY_ID}"]\n'
FIXED = 'command = ["rpicam-vid", "--shutter=9000", "--gain", "4", "--awbgains", "1.8,1.5"]\n'


def told(folder: Path, lines: str, lamps: str = LAMPS) -> list[tuple[str, str]]:
    """State and code of each finding, beside an agent that sees."""
    section = f'[camera]\ndriver = "command"\n{lines}[vision]\nmodels = "m"\n'
    (folder / "facepay.toml").write_text(CONFIG + section + lamps)
    config, problems = check(folder / "facepay.toml")
    assert config is not None, problems
    return [(one.state, one.code) for one in camera.check(Ask(folder, config, {"camera": "ok"}))]


@pytest.mark.parametrize(
    ("lines", "lamps", "codes"),
    [
        ("", LAMPS, ["E-CAM-10"]),
        ("", "", []),
        (FIXED, LAMPS, []),
        (HELD, LAMPS, []),
        (HELD.splitlines()[0] + "\n", LAMPS, ["E-CAM-10"]),
        (HELD.replace(BY_ID, "/dev/video0"), LAMPS, ["E-CAM-11"]),
        ('command = ["ffmpeg", "-i", "/dev/video2"]\n', "", ["E-CAM-11"]),
        (f'command = ["ffmpeg", "-i", "{BY_ID}"]\n', "", []),
    ],
)
def test_a_camera_that_is_not_held_or_named_by_a_number_is_a_warning(
    tmp_path: Path, lines: str, lamps: str, codes: list[str]
) -> None:
    assert told(tmp_path, lines, lamps) == [(OK, ""), *((WARN, code) for code in codes)]


def test_the_cameras_of_the_example_configuration_are_right_and_the_doctor_has_nothing_to_say() -> None:
    """They stand there as comments; a line that begins another camera begins with driver."""
    section = EXAMPLE.read_text(encoding="utf-8").split("[camera]")[1].split("\n[")[0]
    lines = [line.removeprefix("#").strip() for line in section.splitlines() if re.match(r"# ?[a-z]+ = ", line)]
    cameras = re.split(r"(?m)^driver = .*$", "\n".join(lines))[1:]
    assert len(cameras) == 2
    for one in cameras:
        options = msgspec.convert(tomllib.loads(one), command.Options)
        assert camera._named(options) == [] and camera._held(options) == []
