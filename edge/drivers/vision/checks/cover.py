"""A mask over mouth and cheeks, or dark glasses over the eyes: neither net nor template was made
for them.

A mask makes mouth and cheeks one material that is not the forehead's; dark glasses make lids and
the skin about them black together. Measured in linear light against the skin of the same face, so
that neither skin tone nor lamp counts. A hand, a scarf of the skin's colour or clear glasses are
not found by this. A cap is nobody's mask: skin is what the forehead shows, or the bridge of the nose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from edge.drivers.vision.checks import Scene

if TYPE_CHECKING:
    from edge.drivers.vision import Floats

AT = 85  # before the pose: the mesh of a masked face is turned this way and that
SAYS = ("covered",)
NEEDS_MESH = True
BARE = ((151, 9, 6), (9, 8, 168, 6))  # forehead; the bridge, which no cap covers and no mask
UPPER_CHEEKS = (117, 346, 50, 280)
LOWER_CHEEKS, LIPS = (205, 425), (0, 17)
LIDS = ((159, 145, 23, 27), (386, 374, 253, 257))  # on and about the right and the left eye
RADIUS = 0.05  # of a sample, in distances between the eyes' outer corners
RIGHT_OUTER, LEFT_OUTER = 33, 263
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
NOTHING = 0.004  # linear light of a sensor's noise: a ratio of two black things means nothing


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Distances of log chroma, and ratios of light. Eighteen real faces and the same with drawn
    masks and glasses: bare faces with lips and cheeks alike within 0.15 had cheeks within 0.2 of
    the forehead's colour and 0.5..1.3 of its light; the lids' lightest sample was above 0.17.
    """

    alike_max: float = 0.15  # lips against cheeks
    other_min: float = 0.3  # cheeks against the bare skin
    light_max: float = 1.7
    light_min: float = 0.15
    lids_max: float = 0.12  # the lightest sample about an eye, of the cheeks


def problem(scene: Scene, limits: Limits) -> str | None:
    """Show the whole face."""
    assert scene.shape is not None, "asked with the mesh"
    points = scene.shape.points[:, :2]
    radius = RADIUS * float(np.hypot(*(points[RIGHT_OUTER] - points[LEFT_OUTER])))

    def light(ids: tuple[int, ...]) -> Floats:
        return np.stack([_sample(scene, points[i], radius) for i in ids])

    cheeks, lips = light(LOWER_CHEEKS), light(LIPS)
    masked = all(_masked(light(bare), cheeks, lips, limits) for bare in BARE)
    skin = max(float(np.median(light(UPPER_CHEEKS) @ LUMA)), NOTHING)
    dark = all(float((light(ids) @ LUMA).max()) < limits.lids_max * skin for ids in LIDS)
    return "covered" if masked or dark else None


def _masked(bare: Floats, cheeks: Floats, lips: Floats, limits: Limits) -> bool:
    skin = np.median(_chroma(bare), axis=0)
    lower = _chroma(cheeks)
    alike = np.linalg.norm(_chroma(lips).mean(axis=0) - lower.mean(axis=0)) < limits.alike_max
    other = np.linalg.norm(lower - skin, axis=1).min() > limits.other_min
    ratio = (cheeks @ LUMA) / max(float(np.median(bare @ LUMA)), NOTHING)
    bright, dark = ratio.min() > limits.light_max, ratio.max() < limits.light_min
    return bool(alike and (other or bright or dark))


def _chroma(light: Floats) -> Floats:
    """log red and log blue against green: the same in any brightness."""
    held = np.log(light + NOTHING)
    return np.asarray(held[:, [0, 2]] - held[:, 1:2], dtype=np.float32)


def _sample(scene: Scene, at: Floats, radius: float) -> Floats:
    """Median linear light about a point; black outside the shot."""
    x, y, r = int(at[0]), int(at[1]), max(1, round(radius))
    cut = scene.rgb[max(0, y - r) : max(0, y + r + 1), max(0, x - r) : max(0, x + r + 1)]
    if cut.size == 0:
        return np.zeros(3, np.float32)
    middle = np.median(cut.reshape(-1, 3), axis=0) / 255.0
    return np.asarray(middle**2.2, dtype=np.float32)
