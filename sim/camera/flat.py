"""Flat things under the lamps: paper, straight or bent, matt or glossy, and screens.

A sheet returns the lamps' light by the angle and distance of each of its points; a screen makes its
own light and returns little: the glass mirrors the lamps at one spot each, and the black behind it
a percent of the rest.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from PIL import Image

from sim.camera.attacks import Hand
from sim.camera.lamps import ASIDE_PX, DISTANCE_PX, enlarged, plane, received, tinted, toward
from sim.camera.linear import light
from sim.camera.pixels import HEIGHT, WIDTH, Floats, homography, overlay, tilted
from sim.camera.solid import BEHIND

GLASS = 0.012  # of the lamps' light comes back from a screen, besides the mirror
BLACK = 0.02  # of the room's
COARSE = 2  # the lamps' part is computed at every second pixel
SPOT_PX = 9.0  # of a mirrored lamp
SPOT = 1.6  # times what white paper returns
MIRRORED = 0.2  # of a lamp's light, by glass, over the spot


class Sheet(Struct, frozen=True):
    """bend: angle at the sides, rad. gloss: 0 matt .. 1 glass. emits: it is a screen."""

    size: tuple[float, float]
    bend: float = 0.0
    gloss: float = 0.0
    emits: bool = False


class Place(Struct, frozen=True, eq=False):
    """room, wall: the background's values and light; level: the room's light (3 gains); lamps: Hx2x3."""

    room: Floats
    wall: Floats
    level: Floats
    lamps: Floats


def shown(picture: Image.Image, sheet: Sheet, hand: Hand, place: Place) -> Floats:
    """The light of one shot, linear. picture: what is printed or displayed."""
    turn = (hand.yaw_deg, hand.pitch_deg, hand.roll_deg)
    centre = (WIDTH / 2 + hand.shift[0], HEIGHT / 2 + 8 + hand.shift[1])
    corners, lamps, level = tilted(centre, sheet.size, turn), place.lamps, place.level
    part, seen, mask = overlay(picture, corners, place.room)
    lit, shine, gains = bool(lamps.any()), lamps[part[0]], level + BEHIND * (lamps[:, 0] + lamps[:, 1])
    scene, back = tinted(place.wall, gains), light(seen)
    under = tinted(back, gains[part[0]])
    answer = _answer(sheet, corners, turn, part) if lit else np.zeros((*back.shape[:2], 4), np.float32)
    if sheet.emits:
        back = back + received(GLASS * answer[..., :2], shine, BLACK * level)
    else:
        back = back * received(answer[..., :2], shine, level)
    if lit and sheet.gloss:
        back += received(sheet.gloss * SPOT * MIRRORED * answer[..., 2:], shine, np.zeros(3, np.float32))
    scene[part] = under + (back - under) * mask
    return scene


def _answer(
    sheet: Sheet,
    corners: Floats,
    turn: tuple[float, float, float],
    part: tuple[slice, slice],
) -> Floats:
    """`answered` over a part of the shot."""
    x, y = (one[part][::COARSE, ::COARSE] for one in plane())
    size = part[0].stop - part[0].start, part[1].stop - part[1].start
    return enlarged(answered(sheet, corners, turn, x, y), size)


def answered(
    sheet: Sheet, corners: Floats, turn: tuple[float, float, float], x: Floats, y: Floats
) -> Floats:
    """How the sheet's points that are seen at x, y (from the picture's middle) receive both lamps, and
    (where it has gloss) how it mirrors them.
    """
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    h = homography(corners.astype(np.float64), square).astype(np.float32)
    px, py = x + WIDTH / 2, y + HEIGHT / 2
    w = h[2, 0] * px + h[2, 1] * py + h[2, 2]
    s = np.clip((h[0, 0] * px + h[0, 1] * py + h[0, 2]) / w, -1, 1)
    t = np.clip((h[1, 0] * px + h[1, 1] * py + h[1, 2]) / w, -1, 1)
    angle = s * sheet.bend
    matrix = _matrix(turn)
    sag = (sheet.size[0] / 2 / sheet.bend) * (1 - np.cos(angle)) if sheet.bend else 0.0 * angle
    local = np.stack([np.sin(angle), 0 * angle, -np.cos(angle)], axis=-1) @ matrix.T
    where = np.stack([s * sheet.size[0] / 2, t * sheet.size[1] / 2, sag], axis=-1) @ matrix.T
    normal = (local[..., 0], local[..., 1], -local[..., 2])
    out = [toward(x, y, -where[..., 2], normal)]
    lean_x, lean_y = normal[0] / normal[2], normal[1] / normal[2]
    for aside in (ASIDE_PX, -ASIDE_PX) if sheet.gloss else ():
        mx, my = x - aside / 2 + DISTANCE_PX * lean_x, y + DISTANCE_PX * lean_y
        out.append(np.exp(-(mx**2 + my**2) / (2 * SPOT_PX**2))[..., None])
    return np.concatenate(out, axis=-1)


def _matrix(turn: tuple[float, float, float]) -> Floats:
    """The turn of `pixels.tilted`; its z points away from the camera."""
    a, b, c = (math.radians(v) for v in turn)
    turn_y = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    turn_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    turn_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    return np.asarray(turn_z @ turn_x @ turn_y, np.float32)
