"""Caps, and masks that cover mouth and nose: their own form and colour, in the room's light.

A thing is drawn where the mesh says that the head is, and keeps the form that it has: a dome, a brim,
a pleated cloth. The brim keeps the room's light from the brow, not that of the lamps, for they stand
before the face.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edge.drivers.vision.nets.mesh import CHIN, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK
from sim.camera.folk import warp
from sim.camera.folk.graft import LUMA, Box
from sim.camera.lamps import unit
from sim.camera.linear import light, values
from sim.camera.pixels import HEIGHT, WIDTH, Floats, Rgb
from sim.camera.plate import FINE, Plate

HATS: Final = ("cap", "knit")
CLOTHS: Final = {  # linear colour; as what: pleated or folded along the middle
    "surgical": ((0.30, 0.52, 0.68), "pleats"), "white": ((0.78, 0.78, 0.76), "ridge"),
    "black": ((0.03, 0.03, 0.035), "ridge"),
}  # fmt: skip
FABRICS: Final = (
    (0.05, 0.07, 0.16), (0.30, 0.04, 0.05), (0.06, 0.06, 0.06), (0.10, 0.20, 0.10), (0.42, 0.37, 0.28), (0.45, 0.45, 0.47),
)  # fmt: skip  # navy, red, black, green, sand, grey
SKIN: Final = 0.42  # linear, that the cheek of a photograph stands for
LINE: Final = {"cap": (0.04, 0.17), "knit": (0.07, 0.30)}  # of the face's height below the forehead's
# top: where a hat ends in the middle, and how much lower at its sides
DOME: Final = (0.76, 0.66, 0.07)  # half its width, its height, and where its middle lies
BRIM: Final = (0.13, 0.60, 62.0)  # height in the picture, half its width, how far it stands out in px
SHADOW: Final = (0.45, 0.20)  # log of the room's light under a brim; how far down it reaches
MASK: Final = (
    197, 111, 116, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152,
    377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 345, 340,
)  # fmt: skip  # the outline of a mask over nose, cheeks and chin, as points of the mesh
STANDS_PX: Final = 9.0  # off the face


class Layer(Struct, frozen=True, eq=False):
    """One thing on the head. cover: HxW of the shot, 0..1; depth: towards the camera, in shot pixels;
    dims: what is left of the room's light below it, HxW.
    """

    cover: Floats
    depth: Floats
    dims: Floats | None = None


def put_on(
    texture: Rgb, plate: Plate, depth: Floats, *, hat: str = "", cloth: str = "", seed: int = 0
) -> tuple[Rgb, list[Layer]]:
    """The texture and form of everything that is worn on a head."""
    layers: list[Layer] = []
    if cloth:
        texture, more = masked(texture, plate, depth, cloth, seed)
        layers += more
    if hat:
        texture, more = hatted(texture, plate, depth, hat, seed)
        layers += more
    return texture, layers


def hatted(texture: Rgb, plate: Plate, depth: Floats, kind: str, seed: int) -> tuple[Rgb, list[Layer]]:
    """A head with a hat: its texture, and the hat's form (dome, and brim if there is one)."""
    s, v, wide, high = _frame(plate.points)
    dice = np.random.default_rng(seed)
    colour = np.array(FABRICS[int(dice.integers(len(FABRICS)))], np.float32)
    middle, sides = LINE[kind]
    line = middle + sides * s**2
    half, tall, centre = DOME
    rho = np.hypot(s / half, (v - centre) / tall)
    over = np.clip((1 - rho) * half * wide / 1.5 + 0.5, 0, 1) * np.clip((line - v) * high / 1.5 + 0.5, 0, 1)
    dome: Floats = np.asarray(over, np.float32)
    form = half * wide * np.sqrt(np.clip(1 - rho**2, 0.02, 1))
    at = int(plate.points[FOREHEAD, 1]), int(plate.points[FOREHEAD, 0])
    form = np.asarray(form - form[at] + depth[at] + STANDS_PX, np.float32)
    weave = _ribs(s, v) if kind == "knit" else _panels(s, v)
    layers = [Layer(dome, form + 1.5 * weave)]
    shade = _room(layers[0].depth) * (1 + 0.10 * weave)
    worn = _drawn(texture, plate, dome, colour * shade[..., None], dice)
    if kind == "cap":
        deep, reach, out = BRIM
        low = line + deep * np.clip(1 - (s / reach) ** 2, 0, 1)
        ends = np.clip((low - v) * high / 1.2 + 0.5, 0, 1) * np.clip((v - line) * high / 1.2 + 0.5, 0, 1)
        brim: Floats = np.asarray(ends * (np.abs(s) < reach), np.float32)
        part = np.clip((v - line) / np.maximum(low - line, 1e-3), 0, 1)
        under = np.exp(-SHADOW[0] * np.clip(1 - (v - low) / SHADOW[1], 0, 1) * (v > line) * (np.abs(s) < reach))
        worn = _dimmed(worn, under * (1 - brim) + brim)
        shelf = np.asarray(form + out * part, np.float32)
        worn = _drawn(worn, plate, brim, colour * (0.45 + 0.3 * part)[..., None], dice)
        layers.append(Layer(brim, shelf, np.asarray(under * (1 - brim) + brim, np.float32)))
    return worn, layers


def masked(texture: Rgb, plate: Plate, depth: Floats, cloth: str, seed: int) -> tuple[Rgb, list[Layer]]:
    """A face with mouth and nose covered, loops to the ears."""
    colour, form = CLOTHS[cloth]
    s, v, _, _ = _frame(plate.points)
    at = (plate.points[list(MASK), :2] + 0.5) * FINE - 0.5
    cover = _shot(warp.filled(at, (HEIGHT * FINE, WIDTH * FINE), 1.2))
    soft = np.asarray(
        Image.fromarray(depth, mode="F").resize((WIDTH // 16, HEIGHT // 16), Image.Resampling.BOX)
        .resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32,
    )  # fmt: skip
    if form == "pleats":
        relief = 1.3 * np.sin(2 * np.pi * v / 0.115) + STANDS_PX
    else:
        relief = STANDS_PX + 14.0 * np.exp(-np.abs(s) / 0.16)
    layer = Layer(cover, np.asarray(soft + relief, np.float32))
    picture = Image.fromarray(texture)
    draw = ImageDraw.Draw(picture)
    level = tuple(int(c) for c in values(np.array([0.6, 0.6, 0.6], np.float32) * _lit(plate)))
    for corner, ear in ((116, 127), (58, 127), (345, 356), (288, 356)):
        ends = [tuple(float(c) for c in (plate.points[n, :2] + 0.5) * FINE) for n in (corner, ear)]
        draw.line([ends[0], ends[1]], fill=level, width=3)
    shade = _room(layer.depth)
    dice = np.random.default_rng(seed)
    return _drawn(np.asarray(picture), plate, cover, np.array(colour, np.float32) * shade[..., None], dice), [layer]


def _frame(p: Floats) -> tuple[Floats, Floats, float, float]:
    """Across and down at each pixel of the shot, in widths and heights of the face: 0, 0 at the top of
    the forehead; then those two in px.
    """
    down = p[CHIN, :2] - p[FOREHEAD, :2]
    high = float(np.hypot(*down))
    wide = float(np.linalg.norm(p[LEFT_CHEEK] - p[RIGHT_CHEEK]))
    ey = down / high
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    dx, dy = x - p[FOREHEAD, 0], y - p[FOREHEAD, 1]
    return (dx * ey[1] - dy * ey[0]) / wide, (dx * ey[0] + dy * ey[1]) / high, wide, high


def _room(depth: Floats) -> Floats:
    """What the room's light, from above and before, makes of a form."""
    slope_y, slope_x = np.gradient(depth)
    _, ny, nz = unit(slope_x, slope_y)
    return np.asarray(0.45 + 0.6 * np.clip(0.8 * nz - 0.6 * ny, 0, 1), np.float32)


def _lit(plate: Plate) -> float:
    """The photograph's light: what a white thing would show in it."""
    cheeks = plate.points[[50, 280], :2].astype(int) * FINE
    found = [light(plate.texture[y - 6 : y + 7, x - 6 : x + 7]).reshape(-1, 3) @ LUMA for x, y in cheeks]
    return float(np.median(np.concatenate(found))) / SKIN


def _drawn(texture: Rgb, plate: Plate, cover: Floats, colour: Floats, dice: np.random.Generator) -> Rgb:
    """A material laid over the texture where `cover` is."""
    part, box = _found(cover)
    grain = 1 + 0.05 * dice.normal(0, 1, box.size).astype(np.float32)[..., None]
    shown = values(np.clip(_twice(colour[part]) * grain * np.float32(_lit(plate)), 0, 1))
    out, mask = texture.copy(), _twice(cover[part])[..., None]
    out[box.cut] = np.asarray(out[box.cut] + (shown - out[box.cut]) * mask, np.uint8)
    return out


def _dimmed(texture: Rgb, left: Floats) -> Rgb:
    """The texture with this much of the room's light."""
    part, box = _found(left < 1)
    out = texture.copy()
    out[box.cut] = values(light(texture[box.cut]) * _twice(left[part])[..., None]).astype(np.uint8)
    return out


def _found(cover: NDArray[Any]) -> tuple[tuple[slice, slice], Box]:
    """The part of the shot, and that of the texture, in which anything is covered."""
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    top, left = (int(found[0]) for found in (rows, columns))
    high, wide = (int(found[-1] - found[0]) + 1 for found in (rows, columns))
    part = slice(top, top + high), slice(left, left + wide)
    return part, Box(left * FINE, top * FINE, wide * FINE, high * FINE)


def _ribs(s: Floats, v: Floats) -> Floats:
    """Knitted: ribs that run up, and a band turned over."""
    return np.asarray(np.sin(2 * np.pi * s * 26) * 0.5 + (v > -0.08) * 0.6, np.float32)


def _panels(s: Floats, v: Floats) -> Floats:
    """Six panels: seams that meet at the top."""
    turn = s / np.maximum(0.85 * (v + 0.62), 0.06)
    return np.asarray(-1.0 * np.exp(-(((turn + 0.25) % 0.5 - 0.25) ** 2) / 0.0006), np.float32)


def _twice(field: Floats) -> Floats:
    """A field of the shot for the texture."""
    smooth = Image.Resampling.BILINEAR
    if field.ndim > 2:
        return np.stack([_twice(field[..., n]) for n in range(field.shape[2])], axis=-1)
    size = (field.shape[1] * FINE, field.shape[0] * FINE)
    return np.asarray(Image.fromarray(np.asarray(field, np.float32), mode="F").resize(size, smooth), np.float32)


def _shot(fine: Floats) -> Floats:
    return np.asarray(fine.reshape(HEIGHT, FINE, WIDTH, FINE).mean(axis=(1, 3)), np.float32)


def layered(normal: tuple[Floats, ...], z: Floats, base: float, layers: list[Layer]) -> tuple[Any, Floats]:
    """Normals and distances of a head with what lies on it; `base` is the depth that counts as 0."""
    if not layers:
        return normal, z
    out = list(normal)
    for layer in layers:
        slope_y, slope_x = np.gradient(layer.depth)
        for number, theirs in enumerate(unit(slope_x, slope_y)):
            out[number] = out[number] + (theirs - out[number]) * layer.cover
        z = z + (layer.depth - base - z) * layer.cover
    length = np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2)
    return tuple(np.asarray(one / length, np.float32) for one in out), np.asarray(z, np.float32)
