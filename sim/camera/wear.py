"""What grows on a face and what is put on it: brows and beards, furrows and grey hair, caps, masks that
cover mouth and nose, dark glasses.

Each is a material with its own colour, and where it has one its own form; the room's light and the lamps
then fall on it as on everything else (`solid`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sim.camera import warp
from sim.camera.graft import boxed
from sim.camera.linear import light, values
from sim.camera.pixels import Floats, Rgb

BROWS: Final = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
BEARD: Final = (
    199, 175, 152, 171, 396, 208, 428, 201, 421, 200, 32, 262, 140, 369, 170, 395, 135, 364, 138, 367, 192, 416,
    214, 434, 210, 430, 211, 431, 169, 394, 172, 136, 150, 149, 176, 148, 397, 365, 379, 378, 400, 377, 58, 288,
    164, 167, 393, 165, 391, 186, 410, 57, 287, 43, 273, 106, 335, 182, 406, 83, 313,
)  # fmt: skip
LIPS: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
BROW_PX, BEARD_PX = 3.0, 7.0  # of the shot, how softly they end
BEARD_DARK: Final = np.array([1.15, 1.2, 1.25], np.float32)  # log, of a full one


def haired(texture: Rgb, points: Floats, brows: float, beard: float, seed: int) -> Rgb:
    """Brows darker (> 0) or lighter, and a beard; both by the skin's own light."""
    if not brows and not beard:
        return texture
    box = boxed(points[:, :2].min(axis=0) - 2 * BEARD_PX, points[:, :2].max(axis=0) + 2 * BEARD_PX)
    rest, size = box.inside(points), box.size
    dice = np.random.default_rng(seed)
    change = -brows * about(rest[list(BROWS)], BROW_PX * 2, size)[..., None]
    if beard:
        grown = about(rest[list(BEARD)], BEARD_PX * 2, size) * (1 - inside(rest[list(LIPS)], size, 2.0))
        grown = np.clip(grown * 1.6, 0, 1) * (0.45 + 0.55 * _strands(size, dice))
        change = change - beard * BEARD_DARK * grown[..., None]
    out = texture.copy()
    out[box.cut] = values(light(texture[box.cut]) * np.exp(change).astype(np.float32)).astype(np.uint8)
    return out


def about(points: Floats, reach: float, size: tuple[int, int]) -> Floats:
    """1 at points of a picture, falling to 0 over `reach` px about them."""
    step = warp.CELL
    x, y = np.meshgrid(np.arange(0, size[1] + step, step), np.arange(0, size[0] + step, step))
    at = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    return warp.grown(warp.near(at, points, reach).reshape(x.shape), size)


def inside(points: Floats, size: tuple[int, int], soft: float) -> Floats:
    """1 within the outline, soft over some px."""
    mask = Image.new("L", size[::-1])
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in points], fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(soft)), np.float32) / 255.0


def _strands(size: tuple[int, int], dice: np.random.Generator) -> Floats:
    """Hair: noise that runs downward, 0..1."""
    noise = dice.random(size).astype(np.float32)
    drawn = noise + np.roll(noise, 1, 0) + np.roll(noise, 2, 0) + np.roll(noise, 3, 0)
    return np.asarray(np.clip((drawn / 4 - 0.5) * 2.2 + 0.5, 0, 1), np.float32)
