"""Pixel work: sampling, noise, projection of flat pictures, backdrops. numpy and Pillow only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480  # of a shot
JPEG_QUALITY = 92
DISTANCE_PX = 900.0  # from the camera to a thing held at arm's length

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]
Indices = NDArray[np.intp]
QUICK: Final = "wrap"  # of numpy's ways to take what is known to lie inside, the fastest

WORD = np.dtype("<u8")
LANES = (0, 16, 32)  # bits of a WORD at which red, green and blue start
PARTS = 16  # a sample position is exact to 1/16 pixel
FRACTION = 4  # bits of it


class Texture:
    """A picture to sample from. The three channels share one word, so that one gather and one
    multiplication serve all of them: five times faster than channel by channel.
    """

    def __init__(self, rgb: Rgb) -> None:
        self.high, self.wide = rgb.shape[:2]
        words = rgb.astype(WORD)
        red, green, blue = (np.uint64(lane) for lane in LANES)
        packed = (words[..., 0] << red) | (words[..., 1] << green) | (words[..., 2] << blue)
        self._words = np.ascontiguousarray(packed).ravel()

    def at(self, x: Floats, y: Floats) -> Floats:
        """Bilinear values at pixel positions; positions outside give the edge."""
        lanes = self._total(x, y).view("<u2").reshape(*x.shape, 4)
        return np.asarray(lanes[..., :3] * np.float32(1.0 / PARTS**2), np.float32)

    def whole_at(self, x: Floats, y: Floats) -> Rgb:
        """`at`, rounded down."""
        return np.ascontiguousarray(self._total(x, y).view(np.uint8).reshape(*x.shape, 8)[..., 1:6:2])

    def _total(self, x: Floats, y: Floats) -> NDArray[np.uint64]:
        """PARTS**2 times the bilinear values: 16 bits in each lane, which none overflows."""
        x, y = np.clip(x, 0, self.wide - 1.001), np.clip(y, 0, self.high - 1.001)
        xs, ys = (x * PARTS).astype(np.int32), (y * PARTS).astype(np.int32)
        at = ((ys >> FRACTION) * np.int32(self.wide) + (xs >> FRACTION)).astype(np.intp)
        fx, fy = (xs & (PARTS - 1)).astype(WORD), (ys & (PARTS - 1)).astype(WORD)
        gx, gy = np.uint64(PARTS) - fx, np.uint64(PARTS) - fy
        upper, lower = self._row(at, gx, fx), self._row(at + self.wide, gx, fx)
        upper *= gy
        lower *= fy
        upper += lower
        return upper

    def _row(self, at: Indices, gx: NDArray[np.uint64], fx: NDArray[np.uint64]) -> NDArray[np.uint64]:
        row = self._words.take(at, mode=QUICK)
        row *= gx
        at += 1
        right = self._words.take(at, mode=QUICK)
        right *= fx
        row += right
        at -= 1
        return row


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
        level = np.clip(light, 0, 255)
        return self.develop(level, self.noise(level), gain)

    def noise(self, level: Floats) -> Floats:
        """How far the grain goes at levels 0..255."""
        return np.asarray(self._sigma.take(level.astype(np.uint8), mode=QUICK), np.float32)

    def develop(self, level: Floats, noise: Floats, gain: float) -> Rgb:
        """The next shot: levels 0..255 under this noise, in which it is written."""
        dy, dx = self._rng.integers(0, self.TILE, 2)
        noise *= self._grain[dy : dy + HEIGHT, dx : dx + WIDTH]
        noise *= gain
        noise += level
        # whole numbers are cut off several times faster; a grain is no longer than 16 bits
        return np.clip(noise.astype(np.int16), 0, 255).astype(np.uint8)


def project(flat: Image.Image, corners: Floats, backdrop: Floats) -> tuple[Floats, Floats]:
    """`flat` drawn into the convex quadrilateral `corners` (4x2: left-top, right-top, right-
    bottom, left-bottom) over a copy of `backdrop`; and the coverage mask 0..1.
    """
    part, drawn, cover = overlay(flat, corners, backdrop)
    light, mask = np.array(backdrop, np.float32), np.zeros((HEIGHT, WIDTH, 1), np.float32)
    light[part], mask[part] = drawn, cover[..., :1]
    return light, mask


def overlay(
    flat: Image.Image, corners: Floats, backdrop: Floats
) -> tuple[tuple[slice, slice], Floats, Floats]:
    """`project` where the flat thing is, and nowhere else: the box of it, its light, and the mask
    once for each colour.
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
    part, inside = _inside(corners)
    mask, behind = thrice(inside), backdrop[part]
    light = np.asarray(drawn)[part] - behind
    light *= mask
    light += behind
    return part, light, mask


def thrice(mask: Floats) -> Floats:
    """HxW -> HxWx3: a product of two whole arrays is ten times faster than one with HxWx1."""
    out = np.empty((*mask.shape, 3), np.float32)
    for channel in range(3):
        out[..., channel] = mask
    return out


def _inside(corners: Floats) -> tuple[tuple[slice, slice], Floats]:
    """Coverage of a clockwise quadrilateral, soft over half a pixel on either side of its edges; in
    the smallest box outside which it is 0.
    """
    low, high = np.floor(corners.min(axis=0)) - 1, np.ceil(corners.max(axis=0)) + 1
    left, top = (int(v) for v in np.clip(low, 0, (WIDTH - 1, HEIGHT - 1)))
    right, bottom = (int(v) for v in np.clip(high, (left + 1, top + 1), (WIDTH, HEIGHT)))
    x = np.arange(left, right, dtype=np.float32)[None, :] + 0.5
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    cover = np.ones((bottom - top, right - left), np.float32)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = (b - a) / max(1e-6, float(np.hypot(*(b - a))))
        np.minimum(cover, dx * (y - a[1]) - dy * (x - a[0]), out=cover)
    np.clip(cover, 0, 1, out=cover)
    rows, columns = (_extent(cover.any(axis=axis)) for axis in (1, 0))
    return (
        np.s_[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop],
        cover[rows, columns],
    )


def _extent(line: NDArray[np.bool_]) -> slice:
    at = np.flatnonzero(line)
    return slice(int(at[0]), int(at[-1]) + 1) if at.size else slice(0, 0)


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
