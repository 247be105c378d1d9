"""What living eyes mirror. The cornea is a convex mirror: a lamp stands in it as a point that is half its
radius deep, smaller than a pixel, and as bright as the Fresnel law says.

A lamp that lights the eye with E lux makes E * FRESNEL * (radius / 2)^2 candela of it, whatever its
own size; white paper in the room's light gives (room's lux / pi) candela to each square millimetre. In
parts of that, as `solid` counts, a point has pi * FRESNEL * (radius / 2)^2 = 1.2 px of the lamp's
strength, spread as the lens and the sensor spread a point. The room's own windows stand in the photograph
already: they are no skin, and the lamps do not light them.

Ink mirrors nothing. Lenses before the eyes mirror too, much larger and where they look between lens
and lamp; that is seldom before the iris.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from PIL import Image, ImageDraw

from sim.camera.head import Gesture, Head
from sim.camera.lamps import ASIDE_PX, DISTANCE_PX
from sim.camera.pixels import HEIGHT, WIDTH, Floats

PX_PER_MM: Final = 1.0  # of `lamps`
CORNEA_MM: Final = 7.8
FRESNEL: Final = 0.025  # tears and cornea, n = 1.376
SPREAD_PX: Final = 0.75  # of a point, by lens and sensor
IRIS_PX: Final = 5.5
BRIGHT: Final = 2.5  # times the iris: a light that stands in it
BLOCK: Final = 3  # px: nearer to the shot's edge no point is drawn
BEFORE: Final = 14  # px to each side of an eye in which the room's lights are looked for
HIDING: Final = 0.2  # of a lid's way, from touching the point to hiding it
LENS_MM: Final = (90.0, 130.0)  # radius of the front of a lens
COATED: Final = (0.004, 0.012)  # of a lens's light comes back where it is coated, as most are sold
TILT_DEG: Final = (4.0, 12.0)  # its lower edge is nearer to the cheek
LENS: Final = (0.85, 0.62)  # of the eye's width, as `solid` draws the frames
FRAME: Final = 0.92  # of it is glass
DISC_MM: Final = 30.0  # a lamp
SAMPLED: Final = 1 / 4  # px^2: what a pixel's size and reading between pixels add to a spot


class Spot(Struct, frozen=True):
    """A lamp that is mirrored: where it is seen, its light in px of white paper at the lamp's strength,
    how far it is spread.
    """

    x: float
    y: float
    energy: float
    spread: float


class Eyes:
    """The eyes of a head. own: linear light of the face as photographed, turned by yaw_deg; living: they
    mirror the lamps; glasses: "" or what their form is drawn from. rest: the irises' middles at rest;
    mirrors: what of each pixel there is no skin but a light of the room, 0..1.
    """

    def __init__(
        self, head: Head, own: Floats, yaw_deg: float, *, living: bool, glasses: str = ""
    ) -> None:
        self._living, self._yaw_deg = living, yaw_deg
        found = [iris(line, own) for line in head.eyes]
        self.rest = np.array([middle for middle, _, _ in found], np.float32)
        self._shuts = [shuts for _, _, shuts in found]
        self.mirrors = np.zeros((HEIGHT, WIDTH), np.float32)
        for _, lights, _ in found if living else ():
            np.maximum(self.mirrors, lights, out=self.mirrors)
        self._lenses = [_Lens(line, f"{glasses} {n}") for n, line in enumerate(head.eyes) if glasses]

    def unlit(self, answer: Floats, u: Floats, v: Floats, at: Floats, corner: tuple[int, int]) -> None:
        """Take out of the lamps' answer (HxWx2) what stands in the eyes of the room. u, v: which point
        of the photograph is seen there; at: where the eyes are now; corner: top and left of the answer.
        """
        for x, y in at if self._living else ():
            part = _around(x - corner[1], y - corner[0], BEFORE, answer.shape[:2])
            rows = np.clip(np.rint(v[part]), 0, HEIGHT - 1).astype(np.int32)
            columns = np.clip(np.rint(u[part]), 0, WIDTH - 1).astype(np.int32)
            answer[part] *= 1 - self.mirrors[rows, columns][..., None]

    def shine(self, out: Floats, at: Floats, g: Gesture, lamps: Floats) -> None:
        """Add the points to a shot's light. lamps: Hx2x3 times their strength."""
        for lamp, spot in self._spots(at, g):
            _draw(out, spot, lamps[:, lamp])

    def shine_at(self, where: Floats, at: Floats, g: Gesture, lamps: Floats) -> Floats:
        """What the points add at places (Nx2) of a shot: Nx3."""
        out = np.zeros((len(where), 3), np.float32)
        for lamp, spot in self._spots(at, g):
            square = spot.spread**2 + SAMPLED
            far = ((where - (spot.x, spot.y)) ** 2).sum(axis=1)
            share = spot.energy * np.exp(-far / (2 * square)) / (2 * math.pi * square)
            out += share[:, None] * lamps[int(np.clip(spot.y, 0, HEIGHT - 1)), lamp]
        return out

    def _spots(self, at: Floats, g: Gesture) -> Iterator[tuple[int, Spot]]:
        """The number of the lamp, and what there is to see of it."""
        turn = math.radians(g.yaw_deg + self._yaw_deg), math.radians(g.pitch_deg)
        for number, (x, y) in enumerate(at):
            for lamp, aside in enumerate((ASIDE_PX, -ASIDE_PX)):
                if self._living:
                    part = min(1.0, max(0.0, (self._shuts[number] - g.shut) / HIDING + 1))
                    spot = point(float(x), float(y), aside)
                    yield lamp, replace(spot, energy=spot.energy * part)
                if self._lenses and (spot_on := self._lenses[number].spot((x, y), aside, turn)):
                    yield lamp, spot_on


def point(x: float, y: float, aside: float) -> Spot:
    """A lamp in an eye at x, y of the shot."""
    ex, ey = x - WIDTH / 2, y - HEIGHT / 2
    to_lamp, to_lens = math.hypot(aside - ex, ey, DISTANCE_PX), math.hypot(ex, ey, DISTANCE_PX)
    half = CORNEA_MM * PX_PER_MM / 2
    energy = math.pi * FRESNEL * half**2 * (DISTANCE_PX / to_lamp) ** 2
    dx = half * ((aside - ex) / to_lamp + ex / to_lens)
    dy = half * (-ey / to_lamp + ey / to_lens)
    return Spot(x + dx, y + dy, energy, SPREAD_PX)


class _Lens:
    """One lens of somebody's glasses, its middle before the eye's."""

    def __init__(self, line: Floats, drawn_from: str) -> None:
        dice = random.Random(drawn_from)
        wide = float(np.ptp(line[:, 0]))
        self._reach = LENS[0] * wide, LENS[1] * wide
        self._radius = dice.uniform(*LENS_MM) * PX_PER_MM
        self._back = dice.uniform(*COATED)
        self._tilt = math.radians(dice.uniform(*TILT_DEG))

    def spot(self, eye: tuple[float, float], aside: float, turn: tuple[float, float]) -> Spot | None:
        """The lamp is seen where the lens looks at the middle between lamp and camera, if it has glass
        there.
        """
        (x, y), (yaw, pitch) = eye, turn
        across = math.atan2(aside / 2 - (x - WIDTH / 2), DISTANCE_PX) - yaw
        down = math.atan2(HEIGHT / 2 - y, DISTANCE_PX) - self._tilt + pitch
        dx, dy = self._radius * math.sin(across), self._radius * math.sin(down)
        if math.hypot(dx / self._reach[0], dy / self._reach[1]) >= FRAME:
            return None
        energy = math.pi * self._back * (self._radius / 2) ** 2
        wide = DISC_MM * PX_PER_MM * self._radius / 2 / (DISTANCE_PX + self._radius / 2) / 4
        return Spot(x + dx, y + dy, energy, math.hypot(SPREAD_PX, wide))


def _draw(out: Floats, spot: Spot, lamp: Floats) -> None:
    """Add a spot, its share of each pixel, in the lamp's colour at that row."""
    inside = BLOCK < spot.x < WIDTH - BLOCK and BLOCK < spot.y < HEIGHT - BLOCK
    if spot.energy <= 0 or not inside or not lamp.any():
        return
    part = _around(spot.x, spot.y, math.ceil(3.5 * spot.spread), out.shape[:2])
    rows, columns = _shares(part[0], spot.y, spot.spread), _shares(part[1], spot.x, spot.spread)
    out[part] += spot.energy * rows[:, None, None] * columns[None, :, None] * lamp[part[0]][:, None, :]


def _shares(pixels: slice, at: float, spread: float) -> Floats:
    """What of a point falls on each pixel of a line; a pixel reaches half a pixel to each side."""
    edges = [math.erf((n - 0.5 - at) / (spread * math.sqrt(2))) for n in range(pixels.start, pixels.stop + 1)]
    return np.diff(np.array(edges, np.float32)) / 2


def _around(x: float, y: float, reach: int, size: tuple[int, ...]) -> tuple[slice, slice]:
    column, row = round(float(x)), round(float(y))
    return (
        slice(max(0, row - reach), max(0, min(size[0], row + reach + 1))),
        slice(max(0, column - reach), max(0, min(size[1], column + reach + 1))),
    )


def iris(line: Floats, own: Floats) -> tuple[tuple[float, float], Floats, float]:
    """The middle of an iris: of what is dark between the lids; the lights that stand in it, 0..1 of
    each pixel; and how far a lid has to close (0..1) to reach it.
    """
    mask = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(mask).polygon([(float(a), float(b)) for a, b in line], fill=255)
    rows, columns = np.nonzero(np.asarray(mask))
    light = own[rows, columns].mean(axis=1)
    order = np.argsort(light)[: max(4, len(light) // 3)]
    x, y = float(np.median(columns[order])), float(np.median(rows[order]))
    lights = np.zeros((HEIGHT, WIDTH), np.float32)
    near = np.hypot(columns - x, rows - y) < IRIS_PX - 1
    if near.any():
        dark = float(np.percentile(light[near], 30))
        lights[rows[near], columns[near]] = np.clip(1 - BRIGHT * dark / np.maximum(light[near], 1e-4), 0, 1)
    column = rows[np.abs(columns - x) < 1]
    high, low = (float(column.min()), float(column.max())) if column.size else (y - 3, y + 3)
    return (x, y), lights, (y - high) / max(low - high, 1.0)
