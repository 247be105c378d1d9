"""Presentation attacks as physics: a printed sheet, a screen that plays a recording.

Both are flat things in front of another background. Nothing tells the terminal what they are but
their light.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from msgspec import Struct
from PIL import Image, ImageFilter

from sim.camera.pixels import HEIGHT, WIDTH, Floats, project, sample, tilted

SHEET = (330.0, 440.0)  # shot pixels: A4 held at arm's length
MARGIN = 0.045


class Hand(Struct, frozen=True):
    """How the attacker holds the flat thing at one instant."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    shift: tuple[float, float]


def hand(t: float, swing_deg: float, period_s: float = 4.0) -> Hand:
    """Trembling, and swinging the sheet from side to side to look alive."""
    swing = swing_deg * math.sin(2 * math.pi * t / period_s)
    return Hand(
        swing + 1.2 * math.sin(5.1 * t),
        -3.0 + 1.5 * math.sin(1.7 * t),
        1.5 * math.sin(1.1 * t),
        (4.0 * math.sin(1.9 * t), 3.0 * math.sin(2.7 * t)),
    )


def cut(
    shot: Image.Image, face: tuple[float, float, float, float], aspect: float, fine: int = 1
) -> Image.Image:
    """The part of a picture that fills a sheet or screen of this aspect (width/height), the face
    a bit above middle, at `fine` pixels per shot pixel.
    """
    x, y, w, h = face
    wide = min(2.1 * w, WIDTH, HEIGHT * aspect)
    high = wide / aspect
    left = min(max(0.0, x + w / 2 - wide / 2), WIDTH - wide)
    top = min(max(0.0, y + h / 2 - high * 0.46), HEIGHT - high)
    return shot.resize(
        (round(wide * fine), round(high * fine)),
        Image.Resampling.BICUBIC,
        box=(left, top, left + wide, top + high),
    )


def printed(picture: Image.Image) -> Image.Image:
    """Ink on office paper: smaller gamut, lifted blacks, halftone dots in three angles, a white
    margin.
    """
    light = np.asarray(picture, dtype=np.float32) / 255.0
    grey = light.mean(axis=2, keepdims=True)
    light = grey + (light - grey) * 0.72
    ink = 1.0 - np.clip(light, 0, 1)
    high, wide = ink.shape[:2]
    for channel, screen in enumerate(_halftone(high, wide)):
        dots = np.clip((ink[:, :, channel] - screen) * 4 + 0.5, 0, 1)
        ink[:, :, channel] = 0.75 * ink[:, :, channel] + 0.25 * dots
    paper = (1.0 - 0.86 * ink) * np.array([0.93, 0.92, 0.90], np.float32) * 255.0
    sheet = Image.fromarray(np.asarray(paper, np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    edge = round(MARGIN * wide)
    out = Image.new("RGB", (wide + 2 * edge, high + 2 * edge), (232, 230, 224))
    out.paste(sheet, (edge, edge))
    return out


@lru_cache(maxsize=4)
def _halftone(high: int, wide: int) -> list[Floats]:
    """The screens of three inks, each turned otherwise."""
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    out = []
    for degrees in (15.0, 75.0, 0.0):
        a = math.radians(degrees)
        u, v = x * math.cos(a) + y * math.sin(a), y * math.cos(a) - x * math.sin(a)
        out.append(0.5 + 0.25 * (np.cos(u * 2 * math.pi / 3.1) + np.cos(v * 2 * math.pi / 3.1)))
    return out


def bent(sheet: Image.Image, bend: float) -> Image.Image:
    """A sheet held at its sides bulges: columns crowd at the sides, light falls off there."""
    wide, high = sheet.size
    t = np.linspace(-1, 1, wide, dtype=np.float32)
    source = np.sin(t * bend) / np.sin(bend) if bend else t
    x = np.broadcast_to((source + 1) / 2 * (wide - 1), (high, wide)).astype(np.float32)
    y = np.broadcast_to(np.arange(high, dtype=np.float32)[:, None], (high, wide))
    shade = 1.0 - 0.16 * t**2 + 0.05 * t
    light = sample(np.asarray(sheet), x, y) * shade[None, :, None]
    return Image.fromarray(np.asarray(np.clip(light, 0, 255), dtype=np.uint8))


def paper_shot(sheet: Image.Image, at: Hand, background: Floats) -> Floats:
    """The sheet in the hand, in front of the room; a sheet that leans away gets less light."""
    light, mask = project(sheet, _corners(sheet, at), background)
    lean = 0.10 * abs(math.sin(math.radians(at.yaw_deg)))
    return np.asarray(light * (1 - lean * mask), dtype=np.float32)


def _corners(flat: Image.Image, at: Hand) -> Floats:
    centre = (WIDTH / 2 + at.shift[0], HEIGHT / 2 + 8 + at.shift[1])
    high = min(SHEET[1], SHEET[0] * flat.height / flat.width)
    return tilted(centre, (SHEET[0], high), (at.yaw_deg, at.pitch_deg, at.roll_deg))


class Screen:
    """A tablet: its own gamma, a cold white point, a dark bezel, glass that mirrors a lamp,
    refresh bands, and the beat of its pixels against the sensor's.
    """

    TILE = 64  # the beat pattern is larger than a shot by this, and slides with the hand

    def __init__(self) -> None:
        tone = (np.arange(256) / 255.0) ** 1.12
        tables = [np.clip(tone * white, 0, 1) * 235.0 for white in (0.88, 0.97, 1.10)]
        self._table = [round(v) for table in tables for v in table]
        size = (HEIGHT + self.TILE, WIDTH + self.TILE)
        y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
        a = math.radians(2.0)
        u, v = x * math.cos(a) + y * math.sin(a), y * math.cos(a) - x * math.sin(a)
        beat = np.sin(u * (2 * math.pi / 5.7)) * np.sin(v * (2 * math.pi / 6.3))
        self._beat = np.asarray(0.055 * beat, dtype=np.float32)

    def shot(self, picture: Image.Image, at: Hand, background: Floats, t: float) -> Floats:
        """The tablet in the hand at `t` seconds, showing `picture`."""
        edge = round(0.06 * picture.width)
        size = (picture.width + 2 * edge, picture.height + 2 * edge)
        device = Image.new("RGB", size, (18, 18, 20))
        device.paste(picture.point(self._table), (edge, edge))
        light, mask = project(device, _corners(device, at), background)
        seen = mask[..., 0] > 0
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        dx, dy = (int(abs(s) * 7) % self.TILE for s in at.shift)
        gain = 1 + self._beat[dy : dy + HEIGHT, dx : dx + WIDTH][part]
        y, x = rows[0] + np.arange(gain.shape[0]), columns[0] + np.arange(gain.shape[1])
        gain = (
            gain + (0.03 * np.sin(2 * math.pi * (y / 210.0 - 1.3 * t))).astype(np.float32)[:, None]
        )
        lamp = (WIDTH / 2 + at.shift[0] + 70 - 5 * at.yaw_deg, HEIGHT / 2 + at.shift[1] - 112)
        across = np.exp(-(((x - lamp[0]) / 48) ** 2)).astype(np.float32)
        down = 95.0 * np.exp(-(((y - lamp[1]) / 30) ** 2)).astype(np.float32)
        shown = light[part] * gain[..., None] + (9.0 + down[:, None] * across)[..., None]
        light[part] += (shown - light[part]) * mask[part]
        return light
