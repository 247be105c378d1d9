"""The same places of a face, shot after shot: where the skin of the first one went.

The mesh trembles by half a pixel against the skin, as a whole and each point for itself, and over a brow
that moves more light than a lamp adds to a bright room. So the first shot's face is kept, and each later one
is laid over it, as a head moves before a far camera: across and down by an affine function of the place and
of its depth (eight numbers; Tomasi and Kanade's factorisation, 1992). What is laid is the fine of the face,
in logarithms, without what is wider than a brow: the lamps change only that. Lucas and Kanade (1981), the
steepest descent of the first shot for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from edge.drivers.vision.crop import between
from edge.drivers.vision.light.glow import LINEAR
from edge.drivers.vision.nets.mesh import LEFT_CHEEK, RIGHT_CHEEK

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.mesh import Mesh

FINE = 56  # places between the cheeks
COARSE = 4  # every such place, how deep it lies is computed
NEAR = 0.05  # of the width between the cheeks: a point of the mesh tells so far about itself
INSIDE = 0.5  # of what one point of the mesh tells where it lies: a place that has less is no face
WIDER = 6  # places to each side: what is wider than that may be the lamps'
ROUNDS = 2
FITS = 0.6  # correlation with the first shot, below which the mesh is believed instead
APART = 0.03  # of the width between the cheeks, from where the mesh says: the same
MISFITS = 8  # in a row: the first shot was of something else
SMALL, LARGE = 0.5, 3.0  # of the width between the cheeks, a whole mesh: no face is smaller or larger
DARK = 1e-3  # linear light: below it nothing is told apart
UNKNOWNS = 4  # of a direction: 1, x, y, z
PLACES = (FINE, COARSE, NEAR, INSIDE, WIDER, ROUNDS, FITS, APART, MISFITS)  # what a place depends on


class _First(Struct, frozen=True, eq=False):
    """The first shot. own: the frame of the mesh's points, told: from how they moved to 4x2 unknowns. square: HxW
    places that hold the face, frame: theirs, inside: which are the face's, mean: of them about each; fine: what is
    seen there; descent: from what differs to how far they lie off.
    """

    mesh: Mesh
    own: Floats
    told: Floats
    square: Floats
    frame: Floats
    inside: Floats
    mean: Floats
    fine: Floats
    descent: Floats


class Skin:
    """The face of the person in front."""

    def __init__(self) -> None:
        self._first: _First | None = None
        self._misfits = 0

    def forget(self) -> None:
        """Another person may come."""
        self._first, self._misfits = None, 0

    def laid(self, rgb: Rgb, mesh: Mesh) -> Mesh:
        """The first shot's mesh as its skin lies in this one; what the network says where it cannot be laid."""
        if self._misfits >= MISFITS:
            self.forget()
        if self._first is None:
            self._first = _keep(rgb, mesh)
            return mesh
        moved = _lay(self._first, rgb, mesh)
        self._misfits = self._misfits + 1 if moved is None else 0
        return mesh if moved is None else replace(mesh, points=moved)


def _wide(mesh: Mesh) -> float:
    return max(1.0, float(np.hypot(*(mesh.points[LEFT_CHEEK, :2] - mesh.points[RIGHT_CHEEK, :2]))))


def _frame(points: Floats, mesh: Mesh) -> Floats:
    """1, x, y and depth of places, from the middle of a mesh, in its widths."""
    off = (points - mesh.points.mean(axis=0)) / _wide(mesh)
    return np.asarray(np.concatenate([np.ones((len(off), 1)), off], axis=1), np.float32)


def _keep(rgb: Rgb, mesh: Mesh) -> _First | None:
    """None where there is too little to be laid, or what is no face."""
    size = np.ptp(mesh.points[:, :2], axis=0) / _wide(mesh)
    if not (np.isfinite(mesh.points).all() and size.min() >= SMALL and size.max() <= LARGE):
        return None
    square, depth, inside = _square(mesh)
    seen = _seen(rgb, square)
    if seen is None:
        return None
    mean = inside / np.maximum(_box(inside), 1.0)
    fine = _fine(seen, inside, mean)
    down, across = np.gradient(fine)
    frame = _frame(np.concatenate([square, depth[..., None]], axis=2).reshape(-1, 3), mesh)
    slopes = np.concatenate([frame * across.reshape(-1, 1), frame * down.reshape(-1, 1)], axis=1)
    slopes *= inside.reshape(-1, 1) * FINE / _wide(mesh)
    own = _frame(mesh.points, mesh)
    return _First(mesh, own, _solving(own), square, frame, inside, mean, fine, _solving(slopes))


def _solving(rows: Floats) -> Floats:
    """From what is seen (N) to the K unknowns of NxK rows, least squares; a direction that they do not show gets 0.

    By einsum, here and in each shot: a product of this size by BLAS wakes a thread on every core, which then
    spins while the networks want it (a look took twice as long, and all cores).
    """
    square = np.einsum("ni,nj->ij", rows, rows, dtype=np.float64)
    return np.asarray(np.einsum("ij,nj->in", np.linalg.pinv(square, hermitian=True), rows), np.float32)


def _square(mesh: Mesh) -> tuple[Floats, Floats, Floats]:
    """Places that hold a face (HxWx2), how deep it lies there, and whether it does."""
    p, wide = mesh.points, _wide(mesh)
    step = wide / FINE
    low, high = p[:, :2].min(axis=0), p[:, :2].max(axis=0)
    across, down = (np.ceil((high - low) / step / COARSE) * COARSE).astype(int) + 1
    x, y = (edge + step * np.arange(count, dtype=np.float32) for edge, count in zip(low, (across, down), strict=True))
    square = np.stack(np.meshgrid(x, y), axis=2)
    apart = ((square[::COARSE, ::COARSE, None] - p[:, :2]) ** 2).sum(axis=3)
    tells = np.exp(-0.5 * apart / (NEAR * wide) ** 2)
    total = tells.sum(axis=2)
    depth = np.einsum("yxn,n->yx", tells, p[:, 2]) / np.maximum(total, 1e-6)
    inside = _grown(total, square.shape[:2]) > INSIDE
    return square, _grown(depth, square.shape[:2]), inside.astype(np.float32)


def _lay(first: _First, rgb: Rgb, mesh: Mesh) -> Floats | None:
    """The first shot's points in this one; None where they cannot be laid."""
    was = first.mesh.points
    told = first.told @ (mesh.points[:, :2] - was[:, :2])
    moved, fine = told.copy(), first.fine
    for _ in range(ROUNDS):
        seen = _seen(rgb, first.square + (first.frame @ moved).reshape(first.square.shape))
        if seen is None:
            return None
        fine = _fine(seen, first.inside, first.mean)
        off = np.einsum("kn,n->k", first.descent, (fine - first.fine).ravel())
        moved -= off.reshape(2, UNKNOWNS).T
    alike = float((fine * first.fine).sum() / np.sqrt((fine**2).sum() * (first.fine**2).sum() + DARK))
    apart = float(np.sqrt((((first.own @ (moved - told)) ** 2).sum(axis=1)).mean()))
    if not (alike >= FITS and apart <= APART * _wide(mesh)):
        return None
    return np.asarray(np.concatenate([was[:, :2] + first.own @ moved, mesh.points[:, 2:]], axis=1), np.float32)


def _seen(rgb: Rgb, at: Floats) -> Floats | None:
    """The logarithm of the light at places (HxWx2); None where one lies outside."""
    x, y = at[..., 0], at[..., 1]
    high, wide = rgb.shape[:2]
    if not (min(x.min(), y.min()) >= 0 and x.max() < wide - 1 and y.max() < high - 1):  # nor where nothing is said
        return None
    low_x, low_y = int(x.min()), int(y.min())
    light = LINEAR[rgb[low_y : int(y.max()) + 2, low_x : int(x.max()) + 2]].sum(axis=2)
    return np.asarray(np.log(between(light, x - low_x, y - low_y) + DARK), np.float32)


def _fine(field: Floats, inside: Floats, mean: Floats) -> Floats:
    """What is left without all that is wider, in the face."""
    return np.asarray(field * inside - _box(field * inside) * mean, np.float32)


def _box(field: Floats) -> Floats:
    """The sum about each place."""
    for axis in (0, 1):
        pad = [(WIDER + 1, WIDER) if n == axis else (0, 0) for n in (0, 1)]
        total = np.cumsum(np.pad(field, pad), axis=axis)
        size = field.shape[axis]
        field = total.take(range(2 * WIDER + 1, 2 * WIDER + 1 + size), axis=axis) - total.take(
            range(size), axis=axis
        )
    return field


def _grown(grid: Floats, size: tuple[int, int]) -> Floats:
    """A field known at every COARSE-th place, at every place."""
    rows, columns = np.arange(size[0]) / COARSE, np.arange(size[1]) / COARSE
    lines = np.stack([np.interp(columns, np.arange(grid.shape[1]), row) for row in grid])
    return np.stack(
        [np.interp(rows, np.arange(grid.shape[0]), line) for line in lines.T], axis=1
    ).astype(np.float32)
