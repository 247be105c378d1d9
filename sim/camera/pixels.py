"""Pixel work: sampling, noise, projection of flat pictures, backdrops. numpy and Pillow only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480  # of a shot
JPEG_QUALITY = 92
DISTANCE_PX = 900.0  # from the camera to a thing held at arm's length

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]


LANES = (0, 20, 40)  # bits of a 64-bit word at which red, green and blue start
PARTS = 16  # a sample position is exact to 1/16 pixel


class Texture:
    """A picture to sample from. The three channels share one word, so that one gather and one
    multiplication serve all of them: five times faster than channel by channel.
    """

    def __init__(self, rgb: Rgb) -> None:
        self.high, self.wide = rgb.shape[:2]
        words = rgb.astype(np.uint64)
        red, green, blue = (np.uint64(lane) for lane in LANES)
        packed = (words[..., 0] << red) | (words[..., 1] << green) | (words[..., 2] << blue)
        self._words = np.ascontiguousarray(packed).ravel()

    def at(self, x: Floats, y: Floats) -> Floats:
        """Bilinear values at pixel positions; positions outside give the edge."""
        x, y = np.clip(x, 0, self.wide - 1.001), np.clip(y, 0, self.high - 1.001)
        x0, y0 = x.astype(np.int32), y.astype(np.int32)
        fx = ((x - x0) * PARTS).astype(np.uint64)
        fy = ((y - y0) * PARTS).astype(np.uint64)
        at, whole = y0 * np.int32(self.wide) + x0, np.uint64(PARTS)
        gx, gy = whole - fx, whole - fy
        upper = self._words.take(at) * gx + self._words.take(at + 1) * fx
        lower = self._words.take(at + self.wide) * gx + self._words.take(at + self.wide + 1) * fx
        total = upper * gy + lower * fy
        out = np.empty((*x.shape, 3), dtype=np.float32)
        for channel, lane in enumerate(LANES):
            out[..., channel] = (total >> np.uint64(lane)) & np.uint64(0xFFFF)
        out *= 1.0 / PARTS**2
        return out


def sample(rgb: Rgb, x: Floats, y: Floats) -> Floats:
    """Bilinear values of a picture that is sampled once."""
    return Texture(rgb).at(x, y)


class Sensor:
    """A small sensor's noise: read noise and shot noise, different in every shot, the same for
    the same seed.
    """

    TILE = 97  # offsets into a larger tile make the shots differ without new random numbers

    def __init__(self, seed: int, *, read: float = 1.2, shot: float = 0.09) -> None:
        self._rng = np.random.default_rng(seed)
        shape = (HEIGHT + self.TILE, WIDTH + self.TILE, 3)
        self._grain = self._rng.standard_normal(shape).astype(np.float32)
        self._sigma = (read + shot * np.sqrt(np.arange(256))).astype(np.float32)

    def expose(self, light: Floats, gain: float = 1.0) -> Rgb:
        """What the sensor makes of `light` (0..255). gain > 1: a dark scene amplified."""
        dy, dx = self._rng.integers(0, self.TILE, 2)
        grain = self._grain[dy : dy + HEIGHT, dx : dx + WIDTH]
        level = np.clip(light, 0, 255)
        noisy = grain * self._sigma.take(level.astype(np.uint8))
        noisy *= gain
        noisy += level
        return np.asarray(np.clip(noisy, 0, 255, out=noisy), dtype=np.uint8)


def project(flat: Image.Image, corners: Floats, backdrop: Floats) -> tuple[Floats, Floats]:
    """`flat` drawn into the convex quadrilateral `corners` (4x2: left-top, right-top, right-
    bottom, left-bottom) over a copy of `backdrop`; and the coverage mask 0..1.
    """
    wide, high = flat.size
    target = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float64)
    matrix = homography(corners.astype(np.float64), target)
    drawn = flat.transform(
        (WIDTH, HEIGHT),
        Image.Transform.PERSPECTIVE,
        tuple(float(v) for v in (matrix / matrix[2, 2]).ravel()[:8]),
        Image.Resampling.BILINEAR,
    )
    mask = _inside(corners)[..., None]
    light = np.asarray(drawn, dtype=np.float32) - backdrop
    light *= mask
    light += backdrop
    return light, mask


def _inside(corners: Floats) -> Floats:
    """Coverage of a clockwise quadrilateral, soft over half a pixel on either side of its edges."""
    x = np.arange(WIDTH, dtype=np.float32)[None, :] + 0.5
    y = np.arange(HEIGHT, dtype=np.float32)[:, None] + 0.5
    cover = np.ones((HEIGHT, WIDTH), np.float32)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = (b - a) / max(1e-6, float(np.hypot(*(b - a))))
        np.minimum(cover, dx * (y - a[1]) - dy * (x - a[0]), out=cover)
    return np.clip(cover, 0, 1, out=cover)


def homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 3x3 matrix that takes four source points to four target points."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solved = np.linalg.solve(np.array(rows), target.reshape(-1))
    return np.append(solved, 1.0).reshape(3, 3)


def tilted(
    centre: tuple[float, float],
    size: tuple[float, float],
    turn_deg: tuple[float, float, float],
) -> Floats:
    """Corners of a flat sheet (size in shot pixels when frontal) turned in space by yaw, pitch
    and roll.
    """
    w, h = size[0] / 2, size[1] / 2
    p = np.array([[-w, -h, 0], [w, -h, 0], [w, h, 0], [-w, h, 0]], np.float64)
    a, b, c = np.radians(turn_deg)
    turn_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    turn_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    p = p @ (turn_z @ turn_x @ turn_y).T
    k = DISTANCE_PX / (DISTANCE_PX + p[:, 2:])
    return np.asarray(p[:, :2] * k + centre, dtype=np.float32)


def backdrop(seed: int) -> Floats:
    """A waiting room out of focus: wall, window light, notice boards, a door. No people."""
    rng = np.random.default_rng(seed)
    tint = rng.uniform(0.94, 1.0, 3)
    wall = Image.new("RGB", (WIDTH, HEIGHT), tuple(int(v) for v in 188 * tint))
    draw = ImageDraw.Draw(wall)
    draw.rectangle((0, 330, WIDTH, HEIGHT), fill=tuple(int(v) for v in 120 * tint))
    for _ in range(5):
        x, y = rng.integers(0, WIDTH - 80), rng.integers(20, 220)
        w, h = rng.integers(50, 120), rng.integers(40, 110)
        fill = tuple(int(v) for v in rng.uniform(110, 235, 3))
        draw.rectangle((x, y, x + w, y + h), fill=fill)
    door = int(rng.integers(0, WIDTH - 110))
    draw.rectangle((door, 90, door + 100, 470), fill=tuple(int(v) for v in (140 * tint)))
    blurred = np.asarray(wall.filter(ImageFilter.GaussianBlur(9)), dtype=np.float32)
    light = np.linspace(1.08, 0.86, WIDTH, dtype=np.float32)[None, :, None]
    return np.asarray(np.clip(blurred * light, 0, 255), dtype=np.float32)
