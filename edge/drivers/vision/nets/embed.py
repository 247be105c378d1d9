"""MobileFaceNet: 192 numbers that stand for a face. Input 112x112 rgb (x-127.5)/128, aligned on
four points.

The template is of unit length: the cosine of two is their dot product. Thresholds belong to the
deployed population (>= 0.64 to start with; the published 0.42 accepts 6 % of strangers on one
population).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.drivers.vision.crop import warp

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.blazeface import Face
    from edge.drivers.vision.nets.tflite import Model

SIZE = 112
NUMBERS = 192
# Where right eye, left eye, nose tip and mouth centre lie in the aligned picture the network was
# trained with.
TARGET = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [56.1396, 92.2848]],
    dtype=np.float32,
)


def embedding(model: Model, rgb: Rgb, face: Face) -> Floats:
    """192 float32 of unit length."""
    patch = warp(rgb, _similarity(TARGET, face.points[:4]), SIZE)
    out = next(iter(model.run((patch.astype(np.float32) - 127.5) / 128.0).values()))
    return np.asarray(out / max(float(np.linalg.norm(out)), 1e-9), dtype=np.float32)


def _similarity(source: Floats, target: Floats) -> Floats:
    """Least-squares rotation, scale and shift (2x3) that takes source points to target points."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    square = float((a**2).sum())
    c = float((a * b).sum()) / square
    s = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / square
    turn = np.array([[c, -s], [s, c]], dtype=np.float32)
    shift = target.mean(axis=0) - turn @ source.mean(axis=0)
    return np.asarray(np.concatenate([turn, shift[:, None]], axis=1), dtype=np.float32)
