"""The light around each iris, shot after shot at the same places of the eye, for the points that the
lamps put into it (`core.liveness.specular`).

The mesh misses an iris by up to seven pixels and trembles by half of one, which moves more light over
the edges of an eye than a lamp adds to it. So the iris is looked for once, as what is dark and round, the
first shot's eyes are kept, and each later window is laid over them: moved until it fits, whatever the
lamps made of its brightness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from edge.core.liveness.specular import FULL, HIGH, WIDE
from edge.drivers.vision.crop import between
from edge.drivers.vision.light.glow import LINEAR

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.mesh import Mesh

RINGS = np.array([  # the mesh's points around the right and the left eye
    [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246],
    [362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398],
])  # fmt: skip
APART_MM = 64.0  # of two eyes: what makes a window's places a millimetre, near and far
USUAL, FAR = -2, 0.3  # it stands above them; at the rim of that it has to be darker by so much of the mean
IRIS_MM = 4  # radius of what is looked for: less than an iris, for lids cover some
SIDEWAYS, UP, DOWNWARD = 8, 5, 2  # places from the middle of those points in which the iris is looked for
STEP_MIN, STEP_MAX = 0.6, 4.0  # px a millimetre: smaller eyes say nothing
FIT_X, FIT_Y = 13, 9  # places to each side that are laid over the first shot's
ROUNDS = 4
MOVE_MAX = 3.0  # places, from where the mesh says
MARGIN = 3  # px
PLACES = (APART_MM, IRIS_MM, USUAL, FAR, SIDEWAYS, UP, DOWNWARD, FIT_X, FIT_Y, WIDE, HIGH)  # what a measured window depends on
MISFIT_MAX, MISFITS = 0.6, 8  # so unlike for longer than two lights (a reflex): the first shot was of a blink


class _Kept(Struct, frozen=True, eq=False):
    """One eye of the first shot: what turns another's light into how far it lies off (gain, offset,
    gain across, x, y), and what is then left; where its iris is, in places.
    """

    solve: Floats
    sheet: Floats
    iris: Floats


class Irises:
    """The eyes of the person in front."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._step = 1.0
        self._misfits = 0

    def forget(self) -> None:
        """Another person may come."""
        self._kept, self._misfits = [], 0

    def measure(self, rgb: Rgb, mesh: Mesh) -> bytes:
        """`LookSeen.eyes` of a shot; b"" where an eye is too small or outside."""
        middles = mesh.points[RINGS, :2].mean(axis=1)
        step = float(np.hypot(*(middles[1] - middles[0]))) / APART_MM
        if self._misfits >= MISFITS:
            self.forget()
        if not self._kept:
            self._step = step
        if not STEP_MIN <= min(step, self._step) <= max(step, self._step) <= STEP_MAX:
            return b""
        parts = []
        for number, middle in enumerate(middles):
            cut = _around(rgb, middle, self._step)
            if cut is None:
                self._kept = self._kept[:number]
                return b""
            light, at = cut
            root = np.sqrt(light)
            if len(self._kept) <= number:
                self._kept.append(_keep(_window(root, at, self._step, FIT_X, FIT_Y)))
            moved, misfit = _lay(self._kept[number], root, at, self._step)
            at = moved + self._kept[number].iris * self._step
            seen = _window(light, at, self._step, WIDE // 2, HIGH // 2)
            parts += [min(misfit, 1.0), *seen.ravel()]
        worst = max(parts[0], parts[len(parts) // 2])
        self._misfits = self._misfits + 1 if worst > MISFIT_MAX else 0
        return (np.clip(np.array(parts), 0, 1) * FULL).astype("<u2").tobytes()


def _around(rgb: Rgb, middle: Floats, step: float) -> tuple[Floats, Floats] | None:
    """The linear light of the pixels around an eye, and where its middle is in them."""
    reach = np.array([max(FIT_X, SIDEWAYS + WIDE // 2), max(FIT_Y, UP + HIGH // 2)]) + MOVE_MAX
    low = np.floor(middle - reach * step).astype(int) - MARGIN
    high = np.ceil(middle + reach * step).astype(int) + MARGIN
    if (low < 0).any() or high[0] >= rgb.shape[1] or high[1] >= rgb.shape[0]:
        return None
    part = rgb[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return LINEAR[part].mean(axis=-1), np.asarray(middle - low, np.float32)


def _window(light: Floats, at: Floats, step: float, reach_x: int, reach_y: int) -> Floats:
    """Places around a point, a millimetre apart."""
    x = at[0] + step * np.arange(-reach_x, reach_x + 1, dtype=np.float32)[None, :]
    y = at[1] + step * np.arange(-reach_y, reach_y + 1, dtype=np.float32)[:, None]
    return between(light, x, y)


def _keep(window: Floats) -> _Kept:
    down, across = np.gradient(window)
    ramp = np.linspace(-1, 1, window.shape[1], dtype=np.float32)[None, :] * window
    columns = (window, np.ones_like(window), ramp, across, down)
    sheet = np.stack([column.ravel() for column in columns], axis=1)
    return _Kept(np.linalg.pinv(sheet).astype(np.float32), sheet, _iris(window))


def _iris(window: Floats) -> Floats:
    """The darkest disc, from the middle of a window; a far one has to be darker."""
    mid_x, mid_y = window.shape[1] // 2, window.shape[0] // 2
    rows, columns = np.arange(mid_y - UP, mid_y + DOWNWARD + 1), np.arange(mid_x - SIDEWAYS, mid_x + SIDEWAYS + 1)
    y, x = np.mgrid[-IRIS_MM : IRIS_MM + 1, -IRIS_MM : IRIS_MM + 1]
    disc = x * x + y * y <= IRIS_MM * IRIS_MM
    light = sum(
        window[np.ix_(rows + dy, columns + dx)] for dy, dx in zip(y[disc], x[disc], strict=True)
    )
    across, down = np.meshgrid(columns - mid_x, rows - mid_y)
    seldom = (across / SIDEWAYS) ** 2 + ((down - USUAL) / UP) ** 2
    best = int(np.argmin(light / max(float(np.mean(light)), 1e-4) + FAR * seldom))
    return np.array([across.flat[best], down.flat[best]], np.float32)


def _lay(kept: _Kept, root: Floats, at: Floats, step: float) -> tuple[Floats, float]:
    """Where a window lies over the kept one, and what part of its contrast does not fit there."""
    moved = at.copy()
    for _ in range(ROUNDS):
        found = kept.solve @ _window(root, moved, step, FIT_X, FIT_Y).ravel()
        off = np.clip(found[3:] / max(float(found[0]), 0.05), -1, 1)
        moved = np.clip(moved - off * step, at - MOVE_MAX * step, at + MOVE_MAX * step)
    seen = _window(root, moved, step, FIT_X, FIT_Y).ravel()
    rest = seen - kept.sheet @ (kept.solve @ seen)
    return moved, float(rest.std() / max(float(seen.std()), 1e-4))
