"""Hair on a face: brows darker or lighter, beards; and where on a picture they are."""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.camera.folk import warp
from sim.camera.folk.graft import boxed
from sim.camera.linear import light, values
from sim.camera.pixels import Floats, Rgb

EYES: Final = ((33, 133), (263, 362))  # outer and inner corner
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
    change = -brows * warp.about(rest[list(BROWS)], BROW_PX * 2, size)[..., None]
    if beard:
        grown = warp.about(rest[list(BEARD)], BEARD_PX * 2, size) * (1 - warp.filled(rest[list(LIPS)], size, 2.0))
        grown = np.clip(grown * 1.6, 0, 1) * (0.45 + 0.55 * _strands(size, dice))
        change = change - beard * BEARD_DARK * grown[..., None]
    out = texture.copy()
    out[box.cut] = values(light(texture[box.cut]) * np.exp(change).astype(np.float32)).astype(np.uint8)
    return out


def _strands(size: tuple[int, int], dice: np.random.Generator) -> Floats:
    """Hair: noise that runs downward, 0..1."""
    noise = dice.random(size).astype(np.float32)
    drawn = noise + np.roll(noise, 1, 0) + np.roll(noise, 2, 0) + np.roll(noise, 3, 0)
    return np.asarray(np.clip((drawn / 4 - 0.5) * 2.2 + 0.5, 0, 1), np.float32)
