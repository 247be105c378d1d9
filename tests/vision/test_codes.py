"""Codes as hands and phones hold them: tilted, damaged, glaring, dim, tiny. What cannot be read is said with what helps;
what is no code is never called one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import segno
from PIL import Image, ImageDraw, ImageFilter

from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision import qr
from sim.camera.pixels import HEIGHT, WIDTH, project, tilted

TEXT = "EC:6f1d0c5a-9b1e-4f5d-8c59-1f4f6a7e2b10:1700000000"
FINE = 8  # px a module of the drawn code
Rgb = np.ndarray


def drawn() -> Image.Image:
    out = io.BytesIO()
    segno.make(TEXT, error="m", micro=False).save(out, kind="png", scale=FINE, border=4)
    return Image.open(out).convert("RGB")


def shot(
    code: Image.Image, module_px: float, *, yaw: float = 0.0, blur: float = 1.0, gain: float = 1.0, seed: int = 1
) -> Rgb:
    """The code held into the camera: perspective, soft focus, noise."""
    side = code.width * module_px / FINE
    corners = tilted((WIDTH / 2, HEIGHT / 2), (side, side), (yaw, 12.0 if yaw else 0.0, 7.0 if yaw else 0.0))
    light, _ = project(code, corners, np.full((HEIGHT, WIDTH, 3), 150, np.float32))
    soft = Image.fromarray(light.astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
    noise = np.random.default_rng(seed).normal(0, 3, (HEIGHT, WIDTH, 3))
    return np.clip(np.asarray(soft, np.float32) * gain + noise, 0, 255).astype(np.uint8)


def glaring(code: Image.Image, wide: float) -> Image.Image:
    """A lamp mirrored in the screen, `wide` of its width."""
    y, x = np.mgrid[0 : code.height, 0 : code.width] / code.width
    lamp = np.exp(-((x - 0.4) ** 2 + (y - 0.5) ** 2) / (2 * wide**2)) * 320
    return Image.fromarray(np.clip(np.asarray(code, np.float32) + lamp[..., None], 0, 255).astype(np.uint8))


def scratched(code: Image.Image, spots: int) -> Image.Image:
    out = code.copy()
    rng = np.random.default_rng(3)
    for x, y in rng.integers(4 * FINE + 60, code.width - 60, (spots, 2)):
        ImageDraw.Draw(out).rectangle((x, y, x + 10, y + 10), fill=(200, 200, 200))
    return out


def said(shots: list[Rgb]) -> tuple[list[str], str]:
    """The texts read, and the problem after the last shot."""
    reader, texts, problem = qr.Reader(), list[str](), ""
    for one in shots:
        read, unread = reader.read(one)
        texts += read
        problem = unread.problem if unread else ""
    return texts, problem


@pytest.mark.parametrize(
    "held",
    [
        shot(drawn(), 5.0, yaw=20.0),
        shot(drawn(), 5.0, yaw=50.0),
        shot(scratched(drawn(), 12), 6.0),
        shot(glaring(drawn(), 0.08), 6.0),
        shot(drawn(), 5.0, gain=0.12),
        shot(drawn(), 3.5, blur=1.5),
    ],
    ids=["tilted", "very tilted", "damaged", "a small lamp", "dim", "small"],
)
def test_a_code_is_read_tilted_damaged_with_a_lamp_in_it_dim_and_small(held: Rgb) -> None:
    assert said([held]) == ([TEXT], "")


def test_a_second_look_reads_what_the_first_cannot() -> None:
    soft = shot(drawn(), 3.5, blur=2.0)
    assert qr._texts(np.asarray(Image.fromarray(soft).convert("L")))[0] == []
    texts, problem = said([soft, soft])
    assert TEXT in texts
    assert problem == ""


@pytest.mark.parametrize(
    ("code", "module_px", "blur", "problem"),
    [
        (scratched(drawn(), 400), 3.0, 0.6, "code_small"),
        (glaring(drawn(), 0.25), 6.0, 1.0, "code_glare"),
        (scratched(drawn(), 400), 6.0, 0.8, "code_unclear"),
    ],
    ids=["tiny", "glare", "damage"],
)
def test_a_code_that_stays_unread_is_said_with_what_helps_and_not_at_once(
    code: Image.Image, module_px: float, blur: float, problem: str
) -> None:
    shots = [shot(code, module_px, blur=blur, seed=n) for n in range(qr.UNREAD_SHOTS + 1)]
    assert said(shots[: qr.UNREAD_SHOTS - 1]) == ([], "")
    assert said(shots) == ([], problem)


@pytest.mark.parametrize(("module_px", "blur"), [(2.5, 1.5), (3.0, 2.0)])
def test_a_code_on_a_tiny_screen_is_asked_nearer_though_only_one_look_in_two_finds_it(
    module_px: float, blur: float
) -> None:
    reader, told = qr.Reader(), list[str]()
    for n in range(3 * qr.UNREAD_SHOTS):
        texts, unread = reader.read(shot(drawn(), module_px, blur=blur, seed=n))
        assert texts == []
        told += [unread.problem] if unread else []
    assert set(told) == {"code_small"}
    assert reader.read(shot(drawn(), 6.0, seed=1)) == ([TEXT], None), "nearer, it is read"


@pytest.mark.parametrize(("module_px", "problem"), [(3.0, "code_small"), (4.4, "code_small"), (4.6, "code_unclear")])
def test_below_four_and_a_half_pixels_a_module_nearer_is_what_helps(module_px: float, problem: str) -> None:
    side = round(module_px * qr.MODULES)
    place = qr._Place(100, 100, 100 + side, 100 + side, module_px)
    assert qr._why(np.full((HEIGHT, WIDTH), 120, np.uint8), place) == qr.Unread(problem, module_px)


def test_a_code_that_is_taken_away_is_not_spoken_of_any_more() -> None:
    reader, gone = qr.Reader(), np.full((HEIGHT, WIDTH, 3), 140, np.uint8)
    spoilt = [shot(scratched(drawn(), 400), 6.0, blur=0.8, seed=n) for n in range(qr.UNREAD_SHOTS - 1)]
    for one in [*spoilt, *[gone] * qr.LOOKS, *spoilt]:
        assert reader.read(one)[1] is None


def test_a_face_noise_or_an_empty_room_is_no_unread_code(people: Path) -> None:
    face = rgb_of(next(iter(sorted((people / "p1" / "front").glob("*.jpg")))).read_bytes())
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    for nothing in (face, noise, np.full((HEIGHT, WIDTH, 3), 140, np.uint8)):
        assert said([nothing] * (qr.UNREAD_SHOTS + 2)) == ([], "")


def test_a_code_of_somebody_else_that_is_too_long_or_unprintable_is_not_ours() -> None:
    for text in ("x" * 600, "EC\x01\x02"):
        out = io.BytesIO()
        segno.make(text, error="l", micro=False).save(out, kind="png", scale=4, border=4)
        picture = np.asarray(Image.open(out).convert("RGB"))
        assert said([picture] * (qr.UNREAD_SHOTS + 1)) == ([], "")
