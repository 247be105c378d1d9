"""Cutting out of a shot: rotated and scaled patches for the mesh and the embedding, and what lies between pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb


def square(
    rgb: Rgb, centre: tuple[float, float], side: float, angle: float, size: int
) -> tuple[Rgb, Floats]:
    """A patch size x size around `centre`, `side` shot pixels wide, turned by `angle` rad; and
    the 2x3 matrix from patch pixels to shot pixels.
    """
    k = side / size
    c, s = float(np.cos(angle)) * k, float(np.sin(angle)) * k
    half = size / 2
    matrix = np.array(
        [
            [c, -s, centre[0] - c * half + s * half],
            [s, c, centre[1] - s * half - c * half],
        ],
        dtype=np.float32,
    )
    return warp(rgb, matrix, size), matrix


def warp(rgb: Rgb, matrix: Floats, size: int) -> Rgb:
    """Sample the shot bilinearly at `matrix` (patch pixels -> shot pixels); black outside."""
    patch = Image.fromarray(rgb).transform(
        (size, size),
        Image.Transform.AFFINE,
        tuple(float(v) for v in matrix.ravel()),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(patch, dtype=np.uint8)


def to_shot(points: Floats, matrix: Floats) -> Floats:
    """Patch points (N x 2) in shot pixels."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float32)


def between(field: Floats, x: Floats, y: Floats) -> Floats:
    """A field (HxW) read bilinearly at places inside it, whose x and y may be of any shapes that go together."""
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    fx, fy = (x - left).astype(np.float32), (y - top).astype(np.float32)
    above = field[top, left] * (1 - fx) + field[top, left + 1] * fx
    below = field[top + 1, left] * (1 - fx) + field[top + 1, left + 1] * fx
    return np.asarray(above * (1 - fy) + below * fy, np.float32)
