"""BlazeFace: faces and six key points. Short range first, the 256-pixel "back" model where that
finds nothing.

Input rgb x/127.5-1, letterboxed; outputs 896x16 regressors and 896 logits against fixed-size
anchors (strides 8, 16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from PIL import Image

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.tflite import Model

SCORE_MIN = 0.5
OVERLAP_MIN = 0.3
FACES_MAX = 8
CANDIDATES_MAX = 200


class Face(Struct, frozen=True, eq=False):
    """One face in pixels of the shot. points: 6x2 right eye, left eye (the person's own), nose
    tip, mouth centre, right ear, left ear.
    """

    score: float
    x: float
    y: float
    w: float
    h: float
    points: Floats


def _anchors() -> Floats:
    """Centres of the 896 anchors: 16x16 cells with 2, then 8x8 cells with 6, as fractions."""
    parts = []
    for cells, count in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centre = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        parts.append(np.repeat(centre, count, axis=0))
    return np.asarray(np.concatenate(parts), dtype=np.float32)


class Detector:
    """Finds faces, the largest first: who stands nearest is who is served."""

    def __init__(self, short: Model, back: Model) -> None:
        self._short = short
        self._back = back
        self._anchors = _anchors()

    def faces(self, rgb: Rgb) -> list[Face]:
        """At most `FACES_MAX` faces; empty when neither model sees one."""
        found = self._run(self._short, rgb) or self._run(self._back, rgb)
        return sorted(found, key=lambda face: -face.w)

    def _run(self, model: Model, rgb: Rgb) -> list[Face]:
        size = model.shape[1]
        tensor, scale, left, top = _letterbox(rgb, size)
        out = model.run(tensor)
        logits = out["classificators"][:, 0]
        floor = float(np.log(SCORE_MIN / (1 - SCORE_MIN)))
        keep = np.flatnonzero(logits > floor)
        keep = keep[np.argsort(-logits[keep])][:CANDIDATES_MAX]
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits[keep], -80, 80)))
        raw = out["regressors"][keep].reshape(-1, 8, 2) / size
        raw[:, 0] += self._anchors[keep]
        raw[:, 2:] += self._anchors[keep][:, None]
        faces = []
        for score, group in _merged(scores, raw):
            centre, extent = group[0], group[1]
            points = (group * size - (left, top)) / scale
            wide, high = extent * size / scale
            middle = (centre * size - (left, top)) / scale
            faces.append(
                Face(
                    score,
                    float(middle[0] - wide / 2),
                    float(middle[1] - high / 2),
                    float(wide),
                    float(high),
                    points[2:].astype(np.float32),
                )
            )
        return faces


def _letterbox(rgb: Rgb, size: int) -> tuple[Floats, float, float, float]:
    """The shot in a black square: tensor, scale, left and top margin in tensor pixels."""
    high, wide = rgb.shape[:2]
    scale = size / max(high, wide)
    w, h = max(1, round(wide * scale)), max(1, round(high * scale))
    small = Image.fromarray(rgb).resize((w, h), Image.Resampling.BILINEAR, reducing_gap=2.0)
    square = np.full((size, size, 3), -1.0, dtype=np.float32)
    left, top = (size - w) // 2, (size - h) // 2
    square[top : top + h, left : left + w] = np.asarray(small, dtype=np.float32) / 127.5 - 1.0
    return square, scale, float(left), float(top)


def _merged(scores: Floats, raw: Floats) -> list[tuple[float, Floats]]:
    """Overlapping candidates become their score-weighted mean (what the network was trained
    with).
    """
    low, high = raw[:, 0] - raw[:, 1] / 2, raw[:, 0] + raw[:, 1] / 2
    left = np.arange(len(scores))
    faces: list[tuple[float, Floats]] = []
    while len(left) and len(faces) < FACES_MAX:
        first = left[0]
        inter = np.clip(
            np.minimum(high[left], high[first]) - np.maximum(low[left], low[first]), 0, None
        ).prod(axis=1)
        area = (high - low).prod(axis=1)
        overlap = inter / np.maximum(area[left] + area[first] - inter, 1e-9)
        near = left[(overlap > OVERLAP_MIN) | (left == first)]
        weight = scores[near] / scores[near].sum()
        faces.append((float(scores[first]), (raw[near] * weight[:, None, None]).sum(axis=0)))
        left = left[~np.isin(left, near)]
    return faces
