"""The terminal's two lamps as physics: when they shine, on what, and how a rolling shutter sees it.

Lengths are in shot pixels at the face (10 px = 1 cm). The camera is the origin of the picture's
middle; the face stands `DISTANCE_PX` before it, the lamps `ASIDE_PX` to either side of the lens.
The lamp that the patient sees at their left stands at the picture's right.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from msgspec import Struct
from PIL import Image

from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import lamps
from sim.camera.pixels import HEIGHT, WIDTH, Floats

DISTANCE_PX = 450.0  # 45 cm
ASIDE_PX = 80.0
EXPOSURE_MS = 10.0
READOUT_MS = 20.0  # from the first row to the last
BANDS = 16  # of rows that share one exposure


def toward(x: Floats, y: Floats, z: Floats, normal: tuple[Floats, Floats, Floats]) -> Floats:
    """What a surface receives of the left and the right lamp: HxWx2, 1 = straight at the middle.

    x, y from the picture's middle, z towards the camera from the plane of the face.
    """
    nx, ny, nz = normal
    out = np.empty((*x.shape, 2), np.float32)
    for number, aside in enumerate((ASIDE_PX, -ASIDE_PX)):
        lx, ly, lz = aside - x, -y, DISTANCE_PX - z
        square = lx**2 + ly**2 + lz**2
        cosine = (nx * lx + ny * ly + nz * lz) / np.sqrt(square)
        out[..., number] = np.clip(cosine, 0, None) * DISTANCE_PX**2 / square
    return out


def enlarged(field: Floats, size: tuple[int, int]) -> Floats:
    """A smooth field of several layers at `size` (high, wide)."""
    layers = [
        Image.fromarray(np.ascontiguousarray(field[..., n]), mode="F").resize(
            size[::-1], Image.Resampling.BILINEAR
        )
        for n in range(field.shape[-1])
    ]
    return np.moveaxis(np.stack([np.asarray(layer) for layer in layers]), 0, -1)


def tinted(field: Floats, gains: Floats) -> Floats:
    """HxWx3 times a gain of each row and colour (Hx3). Rows of equal gains at once: numpy's inner
    loop is then a row long and not a colour.
    """
    high, wide = field.shape[:2]
    out = np.empty((high, wide * 3), np.float32)
    flat, begin = np.reshape(field, (high, wide * 3)), 0
    changes = np.flatnonzero((gains[1:] != gains[:-1]).any(axis=1)) + 1
    for end in (*changes, high):
        np.multiply(flat[begin:end], np.tile(gains[begin], wide), out=out[begin:end])
        begin = end
    return out.reshape(high, wide, 3)


def received(answer: Floats, lamps: Floats, room: Floats) -> Floats:
    """Light on each point: its part of both lamps (HxWx2), the lamps (Hx2x3), the room's 3 gains."""
    out = np.empty((*answer.shape[:2], 3), np.float32)
    for c in range(3):
        plane = answer[..., 0] * lamps[:, None, 0, c]
        plane += answer[..., 1] * lamps[:, None, 1, c]
        plane += room[c]
        out[..., c] = plane
    return out


def unit(slope_x: Floats, slope_y: Floats) -> tuple[Floats, Floats, Floats]:
    """The normal of a surface z(x, y) from its slopes."""
    length = np.sqrt(1 + slope_x**2 + slope_y**2)
    return -slope_x / length, -slope_y / length, 1 / length


@cache
def plane() -> tuple[Floats, Floats]:
    """x and y from the picture's middle."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return x - WIDTH / 2, y - HEIGHT / 2


class Shutter(Struct, frozen=True):
    """The camera's times. jitter: how far a shot's time is off, ms."""

    every_ms: float = 1000.0 / 15
    jitter_ms: float = 3.0

    def times(self, lighting: Lighting, rng: np.random.Generator) -> list[float]:
        """When the shots of a challenge end, three before the first light."""
        begin = lighting.lit_ms[0] - (3 + float(rng.random())) * self.every_ms
        count = round((lighting.end_ms + 2 * self.every_ms - begin) / self.every_ms)
        return [begin + n * self.every_ms for n in range(count)]

    def stamp(self, at_ms: float, rng: np.random.Generator) -> int:
        """The time that the driver writes on the shot."""
        return round(at_ms + float(rng.uniform(-self.jitter_ms, self.jitter_ms)))


def rows(lighting: Lighting | None, at_ms: float) -> Floats:
    """The lamps' light over the exposure of each row of a shot that was read out at `at_ms`:
    Hx2x3 (left right, red green blue), 0..1.
    """
    if lighting is None:
        return np.zeros((HEIGHT, 2, 3), np.float32)
    bands = np.empty((BANDS, 2, 3), np.float32)
    for band in range(BANDS):
        end = at_ms - READOUT_MS * (1 - (band + 0.5) / BANDS)
        bands[band] = _mean(lighting, end - EXPOSURE_MS, end)
    return np.repeat(bands, HEIGHT // BANDS, axis=0)


def _mean(lighting: Lighting, since: float, until: float) -> Floats:
    out = np.zeros((2, 3), np.float32)
    edges = (*lighting.lit_ms, lighting.end_ms)
    for number, step in enumerate(lighting.sequence.steps):
        share = (min(until, edges[number + 1]) - max(since, edges[number])) / (until - since)
        if share > 0:
            out += share * np.array(lamps(step), np.float32)
    return out
