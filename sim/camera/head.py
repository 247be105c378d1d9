"""A real person's head as a solid: the photograph on the measured depth, turned, nodded, swayed,
with lids that close.

The 468 measured points give depth inside the face, an ellipsoid outside it. Turning is solved row
by row: where the nearer surface overtakes the farther one, the farther is hidden, as in the world.
No camera picture is drawn by hand.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct
from PIL import Image, ImageDraw

from sim.camera.pixels import HEIGHT, QUICK, WIDTH, Floats, Texture
from sim.camera.plate import FINE, Plate, light_of

CELL = 4  # depth is computed on this grid and interpolated
SMOOTH_PX = 3.0  # kernel of the depth: finer than this the measured mesh is noise
NEAR = 4  # this many points a kernel must reach
AROUND_PX = 30.0
JOIN_PX = 8.0
# the network flattens faces, and so does the smoothing: turned meshes measured 0.8 of their turn
DEPTH_GAIN = 1.25
# in eye widths: lash band, where stretching begins, lid overlap
LASHES, CREASE, LID_UNDER = 0.09, 0.45, 0.07
RIGHT_CHEEK, LEFT_CHEEK, FOREHEAD, CHIN = 234, 454, 10, 152
FADE = (1.02, 1.75)  # from the head's rim (1.0) outward, how far the surroundings follow


class Gesture(Struct, frozen=True):
    """One instant. Angles in degrees on top of the photographed pose (yaw > 0 = to the person's
    own left), shifts in shot pixels, shut 0 (as photographed) .. 1 (closed).
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    shut: float = 0.0


class Head:
    """Renders a plate under gestures. depth: towards the camera, in shot pixels; weight: 1 on the
    head, 0 where nothing moves; box: top bottom left right of what moves; eyes: the lids' lines.
    """

    def __init__(self, plate: Plate) -> None:
        p = plate.points
        self._texture = Texture(plate.texture)
        self.eyes = plate.eyes
        self._screen = plate.screen
        self._still = light_of(plate.texture)
        self._mid = (p[RIGHT_CHEEK] + p[LEFT_CHEEK]) / 2
        self._pivot = float(self._mid[2])
        face_w = float(np.linalg.norm(p[LEFT_CHEEK] - p[RIGHT_CHEEK]))
        face_h = float(np.linalg.norm(p[FOREHEAD] - p[CHIN]))
        self._centre = (p[FOREHEAD, :2] + p[CHIN, :2]) / 2 + (p[FOREHEAD, :2] - p[CHIN, :2]) * 0.12
        up = (p[FOREHEAD, :2] - p[CHIN, :2]) / max(
            1.0, float(np.hypot(*(p[FOREHEAD] - p[CHIN])[:2]))
        )
        self._axes = (0.74 * face_w, 0.82 * face_h, up)
        y, x = np.mgrid[0:HEIGHT:CELL, 0:WIDTH:CELL].astype(np.float32)
        self.depth = self._solid(p)
        self.weight = _full(self._follow(x, y, p))
        rows = np.flatnonzero(self.weight.max(axis=1) > 0.0)
        cols = np.flatnonzero(self.weight.max(axis=0) > 0.0)
        self.box = (int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1)
        top, bottom, left, right = self.box
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        self._x, self._y = x, y
        self._from_mid = x - float(self._mid[0]), y - float(self._mid[1])

    def render(self, g: Gesture) -> Floats:
        """The shot's light, 0..255 float, before the sensor."""
        top, bottom, left, right = self.box
        u, v = self.where(g)
        out = self._still.copy()
        out[top:bottom, left:right] = self._texture.at(
            (u + 0.5) * FINE - 0.5, (v + 0.5) * FINE - 0.5
        )
        return self._screen.before(out)

    def where(self, g: Gesture) -> tuple[Floats, Floats]:
        """Which point (x, y) of the plate is seen at each pixel of `box`."""
        top, bottom, left, right = self.box
        x, y, (dx, dy) = self._x, self._y, self._from_mid
        w = self.weight[top:bottom, left:right]
        z = self.depth[top:bottom, left:right] * w
        yaw, pitch, roll = (math.radians(a) for a in (g.yaw_deg, g.pitch_deg, g.roll_deg))
        across = x + w * (dx * (math.cos(yaw) - 1) - dy * roll + g.shift[0]) + z * math.sin(yaw)
        down = w * (dy * (math.cos(pitch) - 1) + dx * roll + g.shift[1]) - z * math.sin(pitch)
        u = _invert_rows(across, x[0], from_left=yaw >= 0)
        v = y - _along_rows(down, u - left)
        return self._lids(u, v, g.shut)

    def _solid(self, p: Floats) -> Floats:
        """How far each pixel lies before the turning axis: the measured points inside the face,
        an ellipsoid that meets them outside, joined softly because a cliff would tear the
        picture.
        """
        y, x = np.mgrid[0:HEIGHT:CELL, 0:WIDTH:CELL].astype(np.float32)
        inner = DEPTH_GAIN * (self._pivot - _full(_depth(x, y, p, self._pivot)))
        hull = _hull(p[:, :2])
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        bulge = np.sqrt(np.clip(1 - self._rho(x, y) ** 2, 0, 1))
        edge = np.sqrt(np.clip(1 - self._rho(hull[:, 0], hull[:, 1]) ** 2, 0, 1))
        depth = np.array(
            [inner[int(q[1]), int(q[0])] for q in np.clip(hull, 0, (WIDTH - 1, HEIGHT - 1))]
        )
        outer = bulge * max(0.0, float((depth * edge).sum() / max(float((edge**2).sum()), 1e-6)))
        mask = Image.new("L", (WIDTH, HEIGHT))
        ImageDraw.Draw(mask).polygon([(float(a), float(b)) for a, b in hull], fill=255)
        inside = _blur(np.asarray(mask, np.float32) / 255.0, JOIN_PX)
        # the last pixels before the contour are already ellipsoid
        inside = np.clip(inside * 2 - 1, 0, 1)
        joined = inner * inside + outer * (1 - inside)
        return np.asarray(
            _blur(inner, 2.0) * inside**2 + _blur(joined, JOIN_PX) * (1 - inside**2), np.float32
        )

    def _rho(self, x: Floats, y: Floats) -> Floats:
        """0 in the middle of the head, 1 on its rim."""
        rx, ry, up = self._axes
        dx, dy = x - self._centre[0], y - self._centre[1]
        along, side = dx * up[0] + dy * up[1], dx * -up[1] + dy * up[0]
        return np.asarray(np.hypot(side / rx, along / ry), dtype=np.float32)

    def _follow(self, x: Floats, y: Floats, p: Floats) -> Floats:
        """1 on the head, falling to 0 around it; the shoulders stay."""
        weight = 1 - _smooth((self._rho(x, y) - FADE[0]) / (FADE[1] - FADE[0]))
        below = (y - float(p[CHIN, 1])) / (0.45 * self._axes[1])
        return np.asarray(weight * (1 - _smooth(below)), dtype=np.float32)

    def _lids(self, u: Floats, v: Floats, shut: float) -> tuple[Floats, Floats]:
        """Draw the upper lids down: the skin between brow and lid stretches over the eye."""
        if shut <= 0:
            return u, v
        for line in self.eyes:
            u, v = _close(line, u, v, shut)
        return u, v


def _close(line: Floats, u: Floats, v: Floats, shut: float) -> tuple[Floats, Floats]:
    """In the frame of one eye (s along it, n down, in eye widths): the lid's edge with its
    lashes moves as it is, the skin between crease and lashes stretches, what is left open of
    the eye stays.
    """
    corner, along = line[0], line[8] - line[0]
    width = float(np.hypot(*along))
    ex = along / width
    ey = np.array([-ex[1], ex[0]])
    if ey[1] < 0:
        ey = -ey
    q = (line - corner) / width
    ls, ln = q @ ex, q @ ey
    du, dv = (u - corner[0]) / width, (v - corner[1]) / width
    s, n = du * ex[0] + dv * ex[1], du * ey[0] + dv * ey[1]
    upper = np.concatenate([[0], np.arange(9, 16), [8]])
    low, high = np.interp(s, ls[:9], ln[:9]), np.interp(s, ls[upper], ln[upper])
    ends = np.clip(np.minimum(s + 0.08, 1.08 - s) / 0.08, 0, 1)  # nothing moves beyond the corners
    rest = np.maximum(low + LID_UNDER, high)
    moved = high + shut * ends * (rest - high)
    lash, crease = LASHES * ends, high - CREASE
    skin = crease + (n - crease) * (high - lash - crease) / np.maximum(moved - lash - crease, 1e-3)
    stays = np.where(n > moved, n, n - moved + high)  # open eye | lashes
    new = np.where(n < crease, n, np.where(n < moved - lash, skin, stays))
    new = np.where((s > -0.08) & (s < 1.08), new, n)
    shift = (new - n) * width
    return (
        np.asarray(u + shift * ey[0], dtype=np.float32),
        np.asarray(v + shift * ey[1], dtype=np.float32),
    )


def _depth(x: Floats, y: Floats, points: Floats, elsewhere: float) -> Floats:
    """Depth at the grid points near the face: the mean of the measured points, the near ones
    counting most; where they are sparse the kernel widens, or the cheeks would become
    terraces.
    """
    out = np.full_like(x, elsewhere)
    low, high = points[:, :2].min(axis=0) - AROUND_PX, points[:, :2].max(axis=0) + AROUND_PX
    near = (x > low[0]) & (x < high[0]) & (y > low[1]) & (y < high[1])
    gx, gy = x[near][:, None], y[near][:, None]
    square = (gx - points[:, 0]) ** 2 + (gy - points[:, 1]) ** 2
    wide = np.maximum(np.partition(square, NEAR, axis=1)[:, NEAR : NEAR + 1], SMOOTH_PX**2)
    weight = 1.0 / (square + wide) ** 3
    out[near] = (weight @ points[:, 2]) / weight.sum(axis=1)
    return out


def _hull(points: Floats) -> Floats:
    """Convex hull, in order."""
    order = points[np.lexsort((points[:, 1], points[:, 0]))]
    chains: list[list[Floats]] = []
    for run in (order, order[::-1]):
        chain: list[Floats] = []
        for q in run:
            while len(chain) > 1 and float(np.cross(chain[-1] - chain[-2], q - chain[-1])) <= 0:
                chain.pop()
            chain.append(q)
        chains.append(chain[:-1])
    return np.array(chains[0] + chains[1], dtype=np.float32)


def _blur(field: Floats, radius: float) -> Floats:
    """Gaussian blur, separable."""
    reach = int(3 * radius)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    out = np.asarray(field, np.float32)
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (reach, reach)
        padded = np.pad(out, width, mode="edge")
        length = out.shape[axis]
        parts = (
            np.take(padded, range(k, k + length), axis=axis) * weight
            for k, weight in enumerate(kernel)
        )
        out = np.sum(np.stack(list(parts)), axis=0)
    return np.asarray(out, dtype=np.float32)


def _full(grid: Floats) -> Floats:
    """A grid of CELL at full size."""
    wide = Image.fromarray(np.asarray(grid, np.float32), mode="F").resize(
        (WIDTH, HEIGHT), Image.Resampling.BICUBIC
    )
    return np.asarray(wide, dtype=np.float32)


def _smooth(t: Floats) -> Floats:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _invert_rows(across: Floats, columns: Floats, *, from_left: bool) -> Floats:
    """For each row, which source column is seen at each column. The surface that moves over
    another hides it.
    """
    if from_left:
        seen = np.maximum.accumulate(across, axis=1)
    else:
        seen = np.minimum.accumulate(across[:, ::-1], axis=1)[:, ::-1]
    seen = seen + np.arange(seen.shape[1], dtype=np.float32) * 1e-4
    out, exact, at = np.empty(seen.shape, np.float32), seen.astype(np.float64), columns.astype(np.float64)
    for number, row in enumerate(exact):
        out[number] = np.interp(at, row, at)
    return out


def _along_rows(field: Floats, at: Floats) -> Floats:
    """`field` at fractional columns of the same row."""
    at = np.clip(at, 0, field.shape[1] - 1.001)
    low = at.astype(np.intp)
    f = at - low
    low += np.arange(field.shape[0])[:, None] * field.shape[1]
    one, other = field.take(low, mode=QUICK), field.take(low + 1, mode=QUICK)
    return np.asarray(one * (1 - f) + other * f, dtype=np.float32)
