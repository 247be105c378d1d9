"""One face's picture drawn in the place of another's: thin plates through the points of the mesh, and
the fine of one face over the coarse light of another; and fields about points and in outlines. numpy and Pillow only.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sim.camera.pixels import Floats

CELL: Final = 8  # px of the grid on which a warp is solved
STIFF: Final = 0.5  # the meshes of two people do not agree to the pixel: bend rather than fold
NOTHING: Final = 0.004  # linear light: below it a ratio means nothing


def plate_through(rest: Floats, there: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Where (x, y) each pixel of a picture (high, wide) comes from, so that `rest` comes from `there`:
    the thin plate that bends least.
    """
    kernel = _bending(rest, rest) + STIFF * np.eye(len(rest))
    flat = np.concatenate([np.ones((len(rest), 1)), rest], axis=1)
    system = np.block([[kernel, flat], [flat.T, np.zeros((3, 3))]])
    target = np.concatenate([there - rest, np.zeros((3, 2))])
    solved = np.linalg.solve(system, target)
    high, wide = size
    y, x = np.mgrid[0 : high + CELL : CELL, 0 : wide + CELL : CELL].astype(np.float64)
    at = np.stack([x.ravel(), y.ravel()], axis=1)
    moved = _bending(at, rest) @ solved[: len(rest)]
    moved += np.concatenate([np.ones((len(at), 1)), at], axis=1) @ solved[len(rest) :]
    full = [grown(moved[:, n].reshape(x.shape), size) for n in range(2)]
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    return x + full[0], y + full[1]


def grown(grid: Floats, size: tuple[int, int]) -> Floats:
    """A field known at every CELL-th pixel, at every pixel."""
    high, wide = size
    rows, columns = np.arange(high) / CELL, np.arange(wide) / CELL
    low, left = rows.astype(np.int64), columns.astype(np.int64)
    fy, fx = (rows - low)[:, None], (columns - left)[None, :]
    upper = grid[low][:, left] * (1 - fx) + grid[low][:, left + 1] * fx
    lower = grid[low + 1][:, left] * (1 - fx) + grid[low + 1][:, left + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, np.float32)


def coarse(field: Floats, inside: Floats, radius: int) -> Floats:
    """What is left of HxWxN when all that is finer than `radius` px is gone, of the pixels `inside`
    (HxW, 0..1) alone: nothing of the hair runs into the skin.
    """
    weight = _soft(inside, radius)
    layers = [_soft(field[..., n] * inside, radius) / np.maximum(weight, 1e-3) for n in range(field.shape[-1])]
    return np.stack(layers, axis=-1)


def _soft(field: Floats, radius: int) -> Floats:
    high, wide = field.shape
    step = max(1, radius // 4)
    small = Image.fromarray(np.ascontiguousarray(field, np.float32), mode="F").resize(
        (max(2, wide // step), max(2, high // step)), Image.Resampling.BOX
    )
    out = np.asarray(small, np.float32)
    sigma = radius / step
    reach = int(3 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pads = [(reach, reach) if n == axis else (0, 0) for n in (0, 1)]
        padded, length = np.pad(out, pads, mode="edge"), out.shape[axis]
        out = sum(w * np.take(padded, range(k, k + length), axis=axis) for k, w in enumerate(kernel))
    large = Image.fromarray(np.asarray(out, np.float32), mode="F").resize((wide, high), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32)


def aligned(points: Floats, onto: Floats) -> Floats:
    """A mesh turned, scaled and moved in space so that it lies on another as well as it can."""
    a, b = points - points.mean(axis=0), onto - onto.mean(axis=0)
    u, sizes, v = np.linalg.svd(a.T @ b)
    hand = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ v)))])
    scale = float((sizes * np.diag(hand)).sum() / (a**2).sum())
    return np.asarray(scale * a @ (u @ hand @ v) + onto.mean(axis=0), np.float32)


def near(at: Floats, points: Floats, reach: float) -> Floats:
    """1 at points, falling to 0 over `reach` about them; at: Nx2."""
    square = ((at[:, None, :] - points[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    return np.asarray(np.exp(-0.5 * square / reach**2), np.float32)


def about(points: Floats, reach: float, size: tuple[int, int]) -> Floats:
    """1 at points of a picture, falling to 0 over `reach` px about them."""
    step = CELL
    x, y = np.meshgrid(np.arange(0, size[1] + step, step), np.arange(0, size[0] + step, step))
    at = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    return grown(near(at, points, reach).reshape(x.shape), size)


def filled(points: Floats, size: tuple[int, int], soft: float) -> Floats:
    """1 within the outline, soft over some px."""
    mask = Image.new("L", size[::-1])
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in points], fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(soft)), np.float32) / 255.0


def _bending(one: Floats, two: Floats) -> Floats:
    square = ((one[:, None, :].astype(np.float64) - two[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(0.5 * square * np.log(np.maximum(square, 1e-9)))
