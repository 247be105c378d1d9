"""MiniFASNetV2 (Silent-Face 2.7_80x80): the probability that the picture shows a live face.

Input 80x80 BGR, raw 0..255; crop = face box scaled 2.7 about its centre, shifted to stay in the
frame, scale reduced if the frame is too small; sampled bilinearly without smoothing, as the network
was trained. Softmax of 3 logits, class 1 is live (0 print-like, 2 replay-like). Weak against paper
(APCER 2..45 % by data set): one of several checks, never alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.blazeface import Face
    from edge.drivers.vision.nets.tflite import Model

SCALE = 2.7
SIZE = 80
LIVE = 1
# BlazeFace's box is squarer and lower than the detector's the network was trained with; measured
# factors.
WIDER, HIGHER, UP = 1.088, 0.811, 0.187


def live_probability(model: Model, rgb: Rgb, face: Face) -> float:
    """0..1."""
    return share(model.run(patch(rgb, face, SIZE)), LIVE)


def patch(rgb: Rgb, face: Face, size: int) -> Floats:
    """What an anti-spoof net of this family is shown: the crop, size x size, BGR."""
    found = _sample(rgb, _crop(face, rgb.shape[1], rgb.shape[0]), size)
    return found[:, :, ::-1].astype(np.float32)


def share(out: dict[str, Floats], wanted: int) -> float:
    """The softmax of one class of a net with one output."""
    (logits,) = out.values()
    weights = np.exp(logits - logits.max())
    return float(weights[wanted] / weights.sum())


def _crop(face: Face, wide: int, high: int) -> tuple[int, int, int, int]:
    """left top right bottom, inclusive pixels."""
    w, h = face.w / WIDER, face.h / HIGHER
    x, y = face.x + (face.w - w) / 2, face.y - UP * h
    scale = min((high - 1) / h, (wide - 1) / w, SCALE)
    new_w, new_h = w * scale, h * scale
    left, top = x + w / 2 - new_w / 2, y + h / 2 - new_h / 2
    left -= max(0.0, left + new_w - (wide - 1))
    top -= max(0.0, top + new_h - (high - 1))
    left, top = max(0.0, left), max(0.0, top)
    return int(left), int(top), int(left + new_w), int(top + new_h)


def _sample(rgb: Rgb, box: tuple[int, int, int, int], size: int) -> Floats:
    """The crop at size x size, plain bilinear with half-pixel centres."""
    left, top, right, bottom = box
    crop = rgb[top : bottom + 1, left : right + 1].astype(np.float32)
    y0, y1, fy = _axis(crop.shape[0], size)
    x0, x1, fx = _axis(crop.shape[1], size)
    fy, fx = fy[:, None, None], fx[None, :, None]
    upper = crop[y0][:, x0] * (1 - fx) + crop[y0][:, x1] * fx
    lower = crop[y1][:, x0] * (1 - fx) + crop[y1][:, x1] * fx
    return np.asarray(np.rint(upper * (1 - fy) + lower * fy), dtype=np.float32)


def _axis(count: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    at = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
    low = np.floor(at).astype(int)
    return low, np.minimum(low + 1, count - 1), (at - low).astype(np.float32)
