"""Where on a face light is measured: the table of `edge.core.liveness.regions`, made from the meshes
of the people on whom limits may be chosen (`padset.TRAIN`), mirrored and averaged.

    python -m sim.camera.tables.regions

Points of the mesh, farthest from one another first; eyes, lips and the outline are left out, for
they move or belong to nobody's skin.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np

from edge.drivers.vision.nets.mesh import FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK
from sim.camera import clips, padset
from sim.camera.pixels import Floats

PAIRS: Final = 56
MIDDLE: Final = (151, 9, 168, 6, 195, 5, 4, 1, 2, 164, 18, 200)  # of the face, from above
RIM: Final = 0.92  # of the way from the middle to the outline
KEEP_OFF: Final = 0.06  # of the width between the cheeks, from eyes and lips
EYES: Final = (33, 133, 362, 263, 159, 145, 386, 374, 23, 253, 27, 257)
LIPS: Final = (0, 17, 61, 291, 13, 14, 78, 308, 37, 267, 84, 314)
MIDLINE: Final = 0.025  # nearer to it a pair would be one place


def mean_head() -> Floats:
    """468 x (x, y, depth) of the mean face, symmetric, cheek to cheek = 1."""
    studio = padset.Studio(clips.sight())
    heads = [_upright(studio.plate(name).points) for name in padset.TRAIN]
    mean = np.mean(heads, axis=0)
    mirrored = mean * np.array([-1, 1, 1], np.float32)
    return np.asarray((mean + mirrored[_twins(mean)]) / 2, np.float32)


def chosen(head: Floats) -> list[tuple[int, int]]:
    """Pairs of a point and its twin, well spread over one half of the face."""
    low, high = head[FOREHEAD, 1], head[:, 1].max()
    middle, reach = (low + high) / 2, (high - low) / 2
    rim = np.hypot(head[:, 0] / 0.5, (head[:, 1] - middle) / reach)
    off = np.linalg.norm(head[:, None, :2] - head[None, [*EYES, *LIPS], :2], axis=2).min(axis=1)
    twins = _twins(head)
    own = twins[twins] == np.arange(len(head))  # the twin of its twin
    fit = np.flatnonzero((rim < RIM) & (off > KEEP_OFF) & (head[:, 0] < -MIDLINE) & own)
    taken = [int(fit[np.argmin(head[fit, 1])])]
    while len(taken) < min(PAIRS, len(fit)):
        gaps = np.linalg.norm(head[fit, None, :2] - head[None, taken, :2], axis=2).min(axis=1)
        taken.append(int(fit[np.argmax(gaps)]))
    return [(one, int(twins[one])) for one in taken]


def _upright(points: Floats) -> Floats:
    """Level, not turned, middle of the cheeks = 0; depth grows away from the camera."""
    out = points.astype(np.float64)
    for one, other in ((0, 1), (0, 2)):  # in the picture, then in depth
        across = out[LEFT_CHEEK] - out[RIGHT_CHEEK]
        wide = float(np.hypot(across[one], across[other]))
        cos, sin = across[one] / wide, across[other] / wide
        x, y = out[:, one].copy(), out[:, other].copy()
        out[:, one], out[:, other] = x * cos + y * sin, y * cos - x * sin
    out -= (out[LEFT_CHEEK] + out[RIGHT_CHEEK]) / 2
    out[:, 0] -= out[list(MIDDLE), 0].mean()
    return np.asarray(out / wide, np.float32)


def _twins(head: Floats) -> Floats:
    mirrored = head[:, :2] * np.array([-1, 1], np.float32)
    return np.asarray(np.linalg.norm(mirrored[:, None] - head[None, :, :2], axis=2).argmin(axis=1))


def main() -> int:
    """Print the table."""
    head = mean_head()
    rows = [(point, 0.0, head[point, 1]) for point in MIDDLE]
    for one, twin in chosen(head):
        x, y = (head[twin, 0] - head[one, 0]) / 2, (head[one, 1] + head[twin, 1]) / 2
        rows += [(one, -x, y), (twin, x, y)]
    told = [f"({point}, {x:.3f}, {y:.3f})," for point, x, y in rows]
    for pair in zip(told[::2], told[1::2], strict=True):
        sys.stdout.write("    " + " ".join(pair) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
