"""The photo on an ID card's chip: small, frontal, one face. It comes from a card that anybody may have made,
so it is read with limits, and a picture that is none is no face."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb
    from edge.drivers.vision.sight import Sight

PIXELS_MAX: Final = 1024 * 1024
SIDE_MIN: Final = 64
FORMATS: Final = ("JPEG", "BMP", "PNG")
SCALE_TO: Final = 480  # pixels in height: the nets were made for faces of that size
ROOM: Final = 0.35  # of grey around: a chip's photo is all face, and the detector wants some air
GREY: Final = 200


def template(sight: Sight, photo: bytes) -> bytes:
    """192 float32 of the one face on it, b"" when there is not exactly one."""
    rgb = _read(photo)
    if rgb is None:
        return b""
    faces = sight.faces(rgb)
    if len(faces) != 1:
        return b""
    return sight.template(rgb, faces[0]).astype("<f4").tobytes()


def _read(photo: bytes) -> Rgb | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(photo), formats=FORMATS) as opened:
                wide, high = opened.size
                if wide * high > PIXELS_MAX or min(wide, high) < SIDE_MIN:
                    return None
                picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        return None
    scale = SCALE_TO / picture.height
    shape = (max(1, round(picture.width * scale)), SCALE_TO)
    picture = picture.resize(shape, Image.Resampling.BICUBIC)
    wide, high = (round(side * (1 + 2 * ROOM)) for side in picture.size)
    page = Image.new("RGB", (wide, high), (GREY, GREY, GREY))
    page.paste(picture, ((wide - picture.width) // 2, (high - picture.height) // 2))
    return np.asarray(page, dtype=np.uint8)
