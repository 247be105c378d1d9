"""Age on a face: furrows that the lamps find too, mottled skin, grey hair. Seeded, 0 young .. 1 old."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sim.camera.folk import warp
from sim.camera.folk.graft import LUMA, OVAL, boxed
from sim.camera.folk.hair import BROWS, EYES
from sim.camera.linear import light, values
from sim.camera.pixels import HEIGHT, WIDTH, Floats, Rgb
from sim.camera.plate import FINE

AROUND: Final = np.array([[60.0, 130.0], [60.0, 10.0]])  # px of the shot about the face, where hair is
SMOOTH_TO: Final = 0.25  # nothing to be seen before
DEEP_PX: Final = 0.9  # of the shot (0.9 mm), the deepest furrow of the oldest
WIDE_PX: Final = 1.5
SHADE: Final = 0.75  # log, what a furrow keeps from the room's light for each px that it is deep
MOTTLED: Final = 0.07
GREY_FROM: Final = 0.45
LOWER: Final = (105, 66, 107, 9, 336, 296, 334)  # above the brows
UPPER: Final = (103, 67, 109, 10, 338, 297, 332)
ACROSS: Final = (0.28, 0.5, 0.72)  # of the way up a forehead
FOLDS: Final = (  # points, how deep
    ((129, 203, 206, 216, 212), 1.0), ((358, 423, 426, 436, 432), 1.0),  # from nose to mouth
    ((228, 229, 230, 231, 232), 0.6), ((448, 449, 450, 451, 452), 0.6),  # below the eyes
    ((202, 204, 194), 0.4), ((422, 424, 418), 0.4),
)  # fmt: skip
RAYS_DEG: Final = (-32.0, -6.0, 20.0)


def furrows(points: Floats, age: float, seed: int) -> Floats:
    """How deep the skin lies at each pixel of the shot: HxW, 0 where it is smooth."""
    old = max(0.0, age - SMOOTH_TO) / (1 - SMOOTH_TO)
    canvas = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw, dice = ImageDraw.Draw(canvas), np.random.default_rng(seed)
    for line, deep in _lines(points[:, :2].astype(np.float64), dice):
        at = [(float(x), float(y)) for x, y in (line + 0.5) * FINE]
        draw.line(at, fill=round(255 * deep), width=2, joint="curve")
    soft = np.asarray(canvas.filter(ImageFilter.GaussianBlur(WIDE_PX * FINE * 0.8)), np.float32)
    peak = max(float(soft.max()), 1.0)
    return _halved(soft / peak) * np.float32(DEEP_PX * old)


def aged(texture: Rgb, points: Floats, age: float, seed: int) -> tuple[Rgb, Floats | None]:
    """The texture with what age does to colour and to the room's light in the furrows; and how deep they
    are, HxW of the shot.
    """
    old = max(0.0, age - SMOOTH_TO) / (1 - SMOOTH_TO)
    if not old:
        return texture, None
    box = boxed(points[:, :2].min(axis=0) - AROUND[0], points[:, :2].max(axis=0) + AROUND[1])
    rest, dice = box.inside(points), np.random.default_rng(seed)
    cut = light(texture[box.cut])
    face = warp.filled(rest[list(OVAL)], box.size, 6.0)
    luma = cut @ LUMA
    skin = float(np.median(luma[face > 0.9]))
    bare = face * np.clip(luma / (0.45 * skin) - 1, 0, 1)  # a fringe has no furrows
    lines = furrows(points, age, seed)
    deep = np.repeat(np.repeat(lines, FINE, axis=0), FINE, axis=1)[box.cut]
    change = -SHADE * deep * bare + MOTTLED * old * _mottle(box.size, dice) * bare
    cut = cut * np.exp(change)[..., None]
    grey = max(0.0, age - GREY_FROM) / (1 - GREY_FROM)
    if grey:
        brows = warp.about(rest[list(BROWS)], 7.0, box.size) * np.clip(1.4 - luma / skin, 0, 1)
        hair = _hair(rest, box.size, face) * np.clip(1.9 - luma / skin, 0, 1)
        share = (grey * np.maximum(0.7 * brows, 0.8 * hair))[..., None]
        pale = luma + 0.25 * skin * np.clip(1 - luma / skin, 0, 1) + 1.5 * (luma - _calm(luma))
        cut = cut + (np.clip(pale, 0, 1)[..., None] - cut) * share
    out = texture.copy()
    out[box.cut] = values(np.asarray(cut, np.float32)).astype(np.uint8)
    return out, lines


def _lines(p: Floats, dice: np.random.Generator) -> list[tuple[Floats, float]]:
    lines: list[tuple[Floats, float]] = []
    for up in ACROSS:
        row = p[list(LOWER)] * (1 - up) + p[list(UPPER)] * up
        wave = dice.normal(0, 1.2, len(row))
        row[:, 1] += wave
        lines.append((_smooth(row[1:-1] if up == ACROSS[-1] else row), float(dice.uniform(0.5, 0.9))))
    lines += [(_smooth(p[list(ids)]), deep * float(dice.uniform(0.8, 1.0))) for ids, deep in FOLDS]
    for side, corners in zip((-1.0, 1.0), EYES, strict=True):
        outward = p[corners[0]] - p[corners[1]]
        for degrees in RAYS_DEG:
            a = np.radians(side * (degrees + float(dice.normal(0, 4))))
            turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
            ray = turn @ outward
            lines.append((p[corners[0]] + np.outer((0.14, 0.3, 0.5), ray), 0.6))
    for inner, low in ((107, 55), (336, 285)):
        ends = (p[inner] * 0.55 + p[9] * 0.45, p[low] * 0.45 + p[8] * 0.55)
        lines.append((np.stack(ends), 0.6))
    return lines


def _smooth(row: Floats) -> Floats:
    """More points along a line, without corners."""
    at = np.linspace(0, len(row) - 1, 6 * len(row))
    line = np.stack([np.interp(at, np.arange(len(row)), row[:, n]) for n in (0, 1)], axis=1)
    kernel = np.ones(7) / 7
    padded = np.pad(line, ((3, 3), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, n], kernel, "valid") for n in (0, 1)], axis=1)


def _mottle(size: tuple[int, int], dice: np.random.Generator) -> Floats:
    """Skin that has seen the sun: patches of some millimetres, about 0."""
    out = np.zeros(size, np.float32)
    for cell, part in ((10, 0.7), (4, 0.5)):
        grid = dice.normal(0, 1, (size[0] // cell + 2, size[1] // cell + 2)).astype(np.float32)
        layer = Image.fromarray(grid, mode="F").resize(size[::-1], Image.Resampling.BICUBIC)
        out += np.float32(part) * np.asarray(layer, np.float32)
    return np.clip(out, -2, 1.5)


def _hair(rest: Floats, size: tuple[int, int], face: Floats) -> Floats:
    """About and above the face, to the brim of a head: where hair is."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    top, chin = rest[10], rest[152]
    middle = (top + chin) / 2 + (top - chin) * 0.12
    high, wide = float(np.hypot(*(top - chin))), float(np.hypot(*(rest[454] - rest[234])))
    rho = np.hypot((x - middle[0]) / (0.74 * wide), (y - middle[1]) / (0.82 * high))
    above = np.clip((middle[1] + 0.35 * high - y) / (0.3 * high), 0, 1)
    return np.asarray(np.clip((1.4 - rho) / 0.5, 0, 1) * above * (1 - face), np.float32)


def _calm(luma: Floats) -> Floats:
    return warp.coarse(luma[..., None], np.ones_like(luma), 8)[..., 0]


def _halved(fine: Floats) -> Floats:
    """A field of the texture for the shot."""
    return np.asarray(fine.reshape(HEIGHT, FINE, WIDTH, FINE).mean(axis=(1, 3)), np.float32)
