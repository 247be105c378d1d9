"""What is wrong with a shot, in the order in which a person can do something about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from PIL import Image

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.blazeface import Face

BURNT = 250  # luma at which a sensor has nothing more to say
PATCH = 96  # the face is judged at this size, so that distance does not change the figures


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a shot stops being usable. Fractions are of the shot's width or height, luma 0..255,
    angles degrees.
    """

    face_width_min: float = 0.16  # below, an eye is < 13 px wide at 640 and lids cannot be measured
    face_height_max: float = 0.42  # above, less than 2.0 x context fits: anti-spoof error 5 -> 13 %
    second_face_min: float = 0.45  # of the first one's width: smaller is a bystander behind
    # Light and focus: six people made darker, brighter and softer; kept where the cosine to the
    # good shot stays about 0.85 (measured: luma 30 0.84..0.95, luma 215 0.78..0.89, glare 0.3 0.84,
    # sharpness 11 0.92..0.98).
    dark_luma_max: float = 32.0
    bright_luma_min: float = 212.0
    glare_share_max: float = 0.25  # of the face's pixels at >= BURNT
    sharp_min: float = 11.0  # see `sharpness`
    # from the middle of the shot; beyond, the 2.7 crop leaves the frame
    centre_offset_max: float = 0.24
    # beyond, no anti-spoof and no template: both networks want frontal faces
    turned_deg: float = 14.0
    presence_min: float = 0.5  # the mesh's own certainty that this is a face


def problem_of(rgb: Rgb, faces: list[Face], limits: Thresholds) -> str | None:
    """The first problem, or None. Turning is judged later, from the mesh."""
    if not faces:
        dark = float(_luma(rgb[::8, ::8]).mean()) < limits.dark_luma_max / 3
        return "too_dark" if dark else "no_face"
    face = faces[0]
    if any(other.w > face.w * limits.second_face_min for other in faces[1:]):
        return "two_faces"
    high, wide = rgb.shape[:2]
    if face.w < wide * limits.face_width_min:
        return "too_small"
    if face.h > high * limits.face_height_max:
        return "too_close"
    off_x = abs((face.x + face.w / 2) / wide - 0.5)
    off_y = abs((face.y + face.h / 2) / high - 0.5)
    if max(off_x, off_y) > limits.centre_offset_max:
        return "off_centre"
    return _light_problem(_patch(rgb, face), limits)


def _light_problem(luma: Floats, limits: Thresholds) -> str | None:
    mean = float(luma.mean())
    if mean < limits.dark_luma_max:
        return "too_dark"
    burnt = float((luma >= BURNT).mean())
    if mean > limits.bright_luma_min or burnt > limits.glare_share_max:
        return "too_bright"
    if sharpness(luma) < limits.sharp_min:
        return "blurred"
    return None


def sharpness(luma: Floats) -> float:
    """Standard deviation of the Laplacian in percent of the face's own contrast, so that light
    does not count.
    """
    lap = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:]
    return float(100.0 * lap.std() / (luma.std() + 8.0))


def _patch(rgb: Rgb, face: Face) -> Floats:
    """The face's luma at PATCH x PATCH."""
    high, wide = rgb.shape[:2]
    box = (
        max(0, int(face.x)),
        max(0, int(face.y)),
        min(wide, int(face.x + face.w)),
        min(high, int(face.y + face.h)),
    )
    if box[2] - box[0] < 2 or box[3] - box[1] < 2:  # noqa: PLR2004 - nothing left inside the shot
        return np.zeros((PATCH, PATCH), dtype=np.float32)
    small = Image.fromarray(rgb[box[1] : box[3], box[0] : box[2]]).resize((PATCH, PATCH))
    return _luma(np.asarray(small))


def _luma(rgb: Rgb) -> Floats:
    return rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
