"""Heads under the lamps: a person, and what can be worn instead of one's own face.

The photograph is what the room's light makes of the person. The lamps add what their light makes of
the same skin on the same form: normals and distances come from the measured depth, turn with the
head, and are seen through the same displacement as the picture (`Head.where`).
"""

from __future__ import annotations

import math
import random
from copy import copy
from functools import cache
from typing import Any

import numpy as np
from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter

from sim.camera import attacks
from sim.camera.eyes import Eyes
from sim.camera.folk import age, hats
from sim.camera.head import LEFT_CHEEK, RIGHT_CHEEK, Gesture, Head
from sim.camera.lamps import enlarged, plane, received, tinted, toward, unit
from sim.camera.linear import light, values
from sim.camera.pixels import HEIGHT, QUICK, WIDTH, Floats, Rgb, Texture
from sim.camera.plate import FINE, Plate, light_of

BEHIND = 0.06  # of the lamps' light reaches the room behind, for it is far
FACET_PX = 26  # a mask of folded paper: its pieces
HEAD_PX = 95.0  # radius of a head: what a worn sheet bends around
LID_PX = 7.0  # an eye hole is so much larger than the eye
COARSE = 2  # the lamps' part is computed at every second pixel of a head
SHAPES = ("head", "facets", "pierced", "wrapped")
PIERCED = ("pierced", "wrapped")  # the eyes behind are alive
Part = tuple[slice, slice]  # of a shot


class Look(Struct, frozen=True):
    """How a person differs from the photographed one. tone: linear gain of the skin, 0.3 dark .. 1;
    relief: of the depth; age: 0 young .. 1; hat: "", or one of `hats.HATS`; cloth: over mouth and nose,
    "", or one of `hats.CLOTHS`; shades: the glasses are dark.
    """

    tone: float = 1.0
    glasses: bool = False
    relief: float = 1.0
    age: float = 0.0
    hat: str = ""
    cloth: str = ""
    shades: bool = False
    seed: int = 0


class Solid:
    """A head, or something worn on one. shape: "head", "facets" (folded paper), "pierced" (folded
    paper with holes for the eyes), "wrapped" (a print around the head, with such holes). inked: the
    face is a print.
    """

    def __init__(
        self, plate: Plate, look: Look, *, shape: str = "head", inked: bool = False, piece_px: int = FACET_PX
    ) -> None:
        assert shape in SHAPES, shape
        self.head = copy(_head(plate))
        self._mid = (plate.points[RIGHT_CHEEK, :2] + plate.points[LEFT_CHEEK, :2]) / 2
        holes = _eye_holes(self.head) if shape in PIERCED else None
        dress, lines = _dressed(plate, look, self.head, None if not inked else holes, inked=inked)
        dress, layers = hats.put_on(dress, plate, self.head.depth, hat=look.hat, cloth=look.cloth, seed=look.seed)
        still, self.texture = light(light_of(dress)), Texture(dress)
        self._panels = _panels(plate)
        alive, glass = not inked or holes is not None, not inked and (look.glasses or look.shades)
        self._eyes = Eyes(
            self.head, still, plate.pose.yaw_deg,
            living=alive and not look.shades, glasses=f"{look}" if glass else "",
        )  # fmt: skip
        depth = self.head.depth * np.float32(look.relief)
        self.head.depth = depth
        folded = shape in ("facets", "pierced")
        worn = _facets(depth, piece_px, look.seed) if folded else _wrapped(self.head) if shape == "wrapped" else depth
        if holes is not None:
            worn = worn + (depth - worn) * holes
        slope_y, slope_x = np.gradient(worn if folded else _calm(worn))
        top, bottom, left, right = self.head.box
        base = float(np.percentile(worn[top:bottom, left:right], 90))
        self._plain, self._z = hats.layered(unit(slope_x, slope_y), worn - base, base, layers)
        self._normal = self._plain
        if lines is not None and not inked:  # a print of furrows is flat
            deep_y, deep_x = np.gradient(lines)
            self._normal, _ = hats.layered(unit(slope_x - deep_x, slope_y - deep_y), worn - base, base, layers)
        self._reach = BEHIND + (1 - BEHIND) * np.clip(self.head.weight * 1.5, 0, 1)
        for layer in layers:
            if layer.dims is not None:  # what keeps the room's light off does not keep the lamps' off
                self._reach = self._reach / layer.dims
        x, y = plane()
        rim = toward(x, y, self._z, self._normal) * self._reach[..., None]
        self._still = _around(self.head.box, (still, still * rim[..., :1], still * rim[..., 1:]))
        self._place = x[top:bottom:COARSE, left:right:COARSE], y[top:bottom:COARSE, left:right:COARSE]

    def lit(self, g: Gesture, lamps: Floats, room: Floats) -> Floats:
        """The light that comes back, linear; lamps: Hx2x3 times their strength, room: 3 gains."""
        top, bottom, left, right = self.head.box
        out, lit = np.empty((HEIGHT, WIDTH, 3), np.float32), bool(lamps.any())
        for part, (still, one, other) in self._still:
            out[part] = tinted(still, np.broadcast_to(room, (len(still), 3)))
            if lit:
                out[part] += tinted(one, lamps[part[0], 0])
                out[part] += tinted(other, lamps[part[0], 1])
        u, v = self.head.where(g)
        skin = light(self.texture.whole_at((u + 0.5) * FINE - 0.5, (v + 0.5) * FINE - 0.5))
        answer = self._answer(u[::COARSE, ::COARSE], v[::COARSE, ::COARSE], g)
        seen = enlarged(answer, (bottom - top, right - left))
        eyes = self.eyes_at(g)
        self._eyes.unlit(seen, u, v, eyes, (top, left))
        skin *= received(seen, lamps[top:bottom], room)
        out[top:bottom, left:right] = skin
        self._eyes.shine(out, eyes, g, lamps)
        for part, cover, panel in self._panels:
            out[part] += (tinted(panel, np.broadcast_to(room, (HEIGHT, 3))) - out[part]) * cover
        return out

    def answer_at(self, rest: Floats, g: Gesture) -> tuple[Floats, Floats]:
        """What places of the head (x, y at rest) receive of both lamps in a pose, and on which row
        each is seen then.
        """
        at, (x, y) = _pixels(rest), self.seen_at(rest, g).T
        normal = _turned([one[at] for one in self._plain], g)  # a place is wider than a furrow
        part = toward(x - WIDTH / 2, y - HEIGHT / 2, self._z[at], normal)
        skin = self._reach[at] * (1 - self._eyes.mirrors[at])
        return np.asarray(part * skin[..., None], np.float32), y

    def mirrored_at(self, rest: Floats, g: Gesture, lamps: Floats) -> Floats:
        """What the lamps' points in the eyes add at places of the head (Nx2 at rest): Nx3."""
        return self._eyes.shine_at(self.seen_at(rest, g), self.eyes_at(g), g, lamps)

    def eyes_at(self, g: Gesture) -> Floats:
        """Where the middles of the irises are seen in a pose, x and y."""
        return self.seen_at(self._eyes.rest, g)

    def seen_at(self, rest: Floats, g: Gesture) -> Floats:
        """Where places of the head (Nx2 at rest) are seen in a pose, as `Head.where` turns, nods and sways it."""
        at = _pixels(rest)
        weight, mid = self.head.weight[at], self._mid
        z, off = self.head.depth[at] * weight, rest - mid
        yaw, pitch, roll = (math.radians(a) for a in (g.yaw_deg, g.pitch_deg, g.roll_deg))
        x = rest[:, 0] + weight * (off[:, 0] * (math.cos(yaw) - 1) - off[:, 1] * roll + g.shift[0])
        y = rest[:, 1] + weight * (off[:, 1] * (math.cos(pitch) - 1) + off[:, 0] * roll + g.shift[1])
        return np.stack([x + z * math.sin(yaw), y - z * math.sin(pitch)], axis=1)

    def _answer(self, u: Floats, v: Floats, g: Gesture) -> Floats:
        """What the head's points receive of both lamps; the form is smooth, so every COARSE-th."""
        at = (
            np.clip(np.rint(v), 0, HEIGHT - 1).astype(np.intp) * WIDTH
            + np.clip(np.rint(u), 0, WIDTH - 1).astype(np.intp)
        )
        normal = _turned([one.take(at, mode=QUICK) for one in self._normal], g)
        part = toward(*self._place, self._z.take(at, mode=QUICK), normal)
        return np.asarray(part * self._reach.take(at, mode=QUICK)[..., None], np.float32)


def _pixels(rest: Floats) -> tuple[Any, Any]:
    """The rows and columns of places."""
    return rest[:, 1].astype(np.int32), rest[:, 0].astype(np.int32)


def _around(box: tuple[int, int, int, int], fields: tuple[Floats, ...]) -> list[tuple[Part, list[Floats]]]:
    """The fields above, below, left and right of what moves: it hides the rest."""
    top, bottom, left, right = box
    parts = (
        np.s_[:top, :], np.s_[bottom:HEIGHT, :], np.s_[top:bottom, :left], np.s_[top:bottom, right:WIDTH],
    )  # fmt: skip
    return [
        (part, [np.ascontiguousarray(one[part]) for one in fields]) for part in parts if fields[0][part].size
    ]


def _panels(plate: Plate) -> list[tuple[Part, Floats, Floats]]:
    """Where the frosted panels are, how they cover, and their light."""
    shape = (HEIGHT, WIDTH, 3)
    cover = np.broadcast_to(plate.screen.cover, shape)
    columns = np.flatnonzero(cover.any(axis=(0, 2)))
    if not columns.size:
        return []
    panel = np.broadcast_to(light(plate.screen.light), shape)
    out = []
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
        part = np.s_[:, int(run[0]) : int(run[-1]) + 1]
        out.append((part, np.ascontiguousarray(cover[part]), np.ascontiguousarray(panel[part])))
    return out


@cache
def _head(plate: Plate) -> Head:
    """The form of a person, the same under any skin."""
    return Head(plate)


def _turned(n: list[Floats], g: Gesture) -> tuple[Floats, Floats, Floats]:
    """Normals after yaw (to the picture's right) and pitch (up)."""
    a, b = math.radians(g.yaw_deg), math.radians(g.pitch_deg)
    x = n[0] * math.cos(a) + n[2] * math.sin(a)
    z = n[2] * math.cos(a) - n[0] * math.sin(a)
    return x, n[1] * math.cos(b) - z * math.sin(b), z * math.cos(b) + n[1] * math.sin(b)


def _calm(depth: Floats) -> Floats:
    """The grid that the depth was computed on has no normals of its own."""
    field = Image.fromarray(np.asarray(depth, np.float32), mode="F")
    small = field.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX)
    return np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32)


def _facets(depth: Floats, piece_px: int, seed: int) -> Floats:
    """Flat pieces between folds: the form at that size, straight in between, and less of a nose. Where on
    the face the folds lie, nobody chose: it is drawn.
    """
    dice = random.Random(f"{seed} of the folds")
    right, down = dice.randrange(piece_px), dice.randrange(piece_px)
    wider = np.pad(depth, ((down, piece_px - down), (right, piece_px - right)), mode="edge")
    field = Image.fromarray(np.asarray(wider, np.float32), mode="F")
    coarse = field.resize((field.width // piece_px, field.height // piece_px), Image.Resampling.BOX)
    folded = np.asarray(coarse.resize(field.size, Image.Resampling.BILINEAR), np.float32)
    return folded[down : down + HEIGHT, right : right + WIDTH]


def _wrapped(head: Head) -> Floats:
    """A sheet around the head: a cylinder."""
    x, _ = plane()
    _, _, left, right = head.box
    middle = (left + right) / 2 - WIDTH / 2
    inside = np.clip(1 - ((x - middle) / HEAD_PX) ** 2, 0.05, 1)
    return np.asarray(HEAD_PX * np.sqrt(inside), np.float32)


def _eye_holes(head: Head) -> Floats:
    mask = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(mask)
    for line in head.eyes:
        low, high = line.min(axis=0) - LID_PX, line.max(axis=0) + LID_PX
        draw.ellipse((float(low[0]), float(low[1]), float(high[0]), float(high[1])), fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(1.0)), np.float32) / 255.0


def _dressed(
    plate: Plate, look: Look, head: Head, holes: Floats | None, *, inked: bool
) -> tuple[Rgb, Floats | None]:
    """The texture of this person: skin, glasses, or ink; and how deep its furrows are. What is seen
    through holes is no ink.
    """
    texture, lines = age.aged(plate.texture, plate.points, look.age, look.seed)
    if look.tone != 1.0:
        mask = _double(np.clip(head.weight * 1.3, 0, 1))
        gain = 1 + (np.array([look.tone, look.tone**1.15, look.tone**1.3]) - 1) * mask
        texture = values(light(texture) * gain.astype(np.float32)).astype(np.uint8)
    if look.glasses or look.shades:
        texture = _glasses(texture, head, dark=look.shades)
    if inked:
        own = texture
        sheet = attacks.printed(Image.fromarray(own))
        edge = (sheet.width - own.shape[1]) // 2
        ink = np.asarray(sheet)[edge : edge + own.shape[0], edge : edge + own.shape[1]]
        mask = _double(np.clip(head.weight * 2, 0, 1))
        if holes is not None:
            mask = mask * (1 - _double(holes))
        texture = np.asarray(own + (ink.astype(np.float32) - own) * mask, np.uint8)
    return texture, lines


def _double(mask: Floats) -> Floats:
    """A mask of the shot for the texture."""
    return np.repeat(np.repeat(mask, FINE, axis=0), FINE, axis=1)[..., None]


def _glasses(texture: Rgb, head: Head, *, dark: bool = False) -> Rgb:
    """Dark frames around the eyes, with a bridge; in dark ones there is no eye to be seen."""
    picture = Image.fromarray(texture)
    draw = ImageDraw.Draw(picture)
    ends = []
    for line in head.eyes:
        middle, wide = line.mean(axis=0) * FINE, float(np.ptp(line[:, 0])) * FINE
        rx, ry = 0.85 * wide, 0.62 * wide
        x, y = float(middle[0]), float(middle[1])
        fill = (22, 22, 25) if dark else None
        draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill, outline=(28, 26, 30), width=5)
        ends.append((x, y, rx))
    (x1, y1, r1), (x2, y2, r2) = sorted(ends)
    draw.line((x1 + r1, y1, x2 - r2, y2), fill=(28, 26, 30), width=5)
    return np.asarray(picture)
