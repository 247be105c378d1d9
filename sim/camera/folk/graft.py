"""Parts of other faces on one head, in its light: their fine drawn over its coarse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from msgspec import Struct

from edge.drivers.vision.nets.mesh import CHIN, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK
from sim.camera.folk import warp
from sim.camera.linear import light, values
from sim.camera.pixels import HEIGHT, WIDTH, Floats, Rgb, Texture
from sim.camera.plate import FINE, Plate

COARSE_PX: Final = 44  # of the texture: what is coarser is the light of the one whose head it is
COLOUR_PX: Final = 18  # and of colour, for a photograph's lamps were coloured
COLOURED: Final = {"mouth": 0.75}  # how much of it a part brings along
ELSE_COLOURED, MOST_COLOURED = 0.3, 0.3
BRIGHTEST, DARKEST = 0.5, -2.0  # log, that a part is lighter or darker than the skin about it: else hair
RIM: Final = (1.45, 1.75)  # in widths between the cheeks about the middle: what is farther off stays
PAD_PX: Final = 24
OVAL_PX: Final = 12.0
OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
Shares = Callable[[Floats, Floats], dict[str, Floats]]  # places, points of a mesh -> of each part


class Box(Struct, frozen=True):
    """A part of the texture, from a corner (x, y) on."""

    left: int
    top: int
    wide: int
    high: int

    @property
    def size(self) -> tuple[int, int]:
        """As an array has it."""
        return self.high, self.wide

    @property
    def cut(self) -> tuple[slice, slice]:
        """Of an array."""
        return slice(self.top, self.top + self.high), slice(self.left, self.left + self.wide)

    def inside(self, points: Floats) -> Floats:
        """Points of the shot in this part's pixels."""
        return np.asarray((points[:, :2] + 0.5) * FINE - 0.5 - (self.left, self.top), np.float32)


def boxed(low: Floats, high: Floats) -> Box:
    """The part of the texture between two corners in shot pixels."""
    left, top = (max(0, int(v * FINE)) for v in low)
    right, bottom = min(WIDTH * FINE, int(high[0] * FINE)), min(HEIGHT * FINE, int(high[1] * FINE))
    return Box(left, top, right - left, bottom - top)


def pulled(base: Plate, goal: Floats) -> Rgb:
    """The base's picture with its points at the goal's; what is far from the head stays."""
    middle = (goal[FOREHEAD, :2] + goal[CHIN, :2]) / 2
    reach = np.array(RIM) * float(np.linalg.norm(goal[LEFT_CHEEK] - goal[RIGHT_CHEEK]))
    box = boxed(middle - reach, middle + reach)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = middle + np.stack([np.cos(turn), np.sin(turn)], axis=1) * reach * 0.97
    rest = np.concatenate([box.inside(goal), box.inside(ring)])
    own = np.concatenate([box.inside(base.points), box.inside(ring)])
    x, y = warp.plate_through(rest, own, box.size)
    moved = Texture(base.texture).at(x + box.left, y + box.top)
    rows, columns = np.arange(box.high)[:, None], np.arange(box.wide)[None, :]
    off = np.minimum(np.minimum(rows, box.high - 1 - rows), np.minimum(columns, box.wide - 1 - columns))
    blend = np.clip(off / PAD_PX, 0, 1)[..., None].astype(np.float32)
    out = base.texture.copy()
    out[box.cut] = np.asarray(out[box.cut] + (moved - out[box.cut]) * blend, np.uint8)
    return out


def painted(texture: Rgb, givers: dict[str, Plate], goal: Floats, shares_at: Shares) -> Rgb:
    """Parts of the givers' faces at the goal's points of a picture."""
    box = boxed(goal[:, :2].min(axis=0) - OVAL_PX, goal[:, :2].max(axis=0) + OVAL_PX)
    rest = box.inside(goal)
    inside = _oval(rest, box.size)
    step = warp.CELL
    x, y = np.meshgrid(np.arange(0, box.wide + step, step), np.arange(0, box.high + step, step))
    at = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)
    shares = shares_at(at, np.concatenate([rest, goal[:, 2:] * FINE], axis=1))
    ground = np.log(light(texture[box.cut]) + warp.NOTHING)
    (own, tint), change = _fine(ground, inside), np.zeros_like(ground)
    for part, giver in givers.items():
        there = (giver.points[:, :2] + 0.5) * FINE - 0.5
        gx, gy = warp.plate_through(rest, there, box.size)
        detail, colour = _fine(np.log(light(Texture(giver.texture).at(gx, gy)) + warp.NOTHING), inside)
        share = warp.grown(shares[part].reshape(x.shape), box.size) * inside
        bold = COLOURED.get(part, ELSE_COLOURED)
        change += share[..., None] * (detail - own + bold * (colour - tint))
    out = texture.copy()
    out[box.cut] = values(np.exp(ground + change) - warp.NOTHING).astype(np.uint8)
    return out


def _fine(log: Floats, inside: Floats) -> tuple[Floats, Floats]:
    """What a face draws on the light it stands in: of brightness (HxWx1), of colour (HxWx3)."""
    luma = (log @ LUMA)[..., None]
    detail = np.clip(luma - warp.coarse(luma, inside, COARSE_PX), DARKEST, BRIGHTEST)
    colour = log - luma
    fine = np.clip(colour - warp.coarse(colour, inside, COLOUR_PX), -MOST_COLOURED, MOST_COLOURED)
    return np.asarray(detail, np.float32), np.asarray(fine, np.float32)


def _oval(points: Floats, size: tuple[int, int]) -> Floats:
    """1 on the face, soft to its rim."""
    soft = warp.filled(points[list(OVAL)], size, OVAL_PX)
    return np.asarray(np.clip(soft * 2.5 - 1.5, 0, 1), np.float32)
