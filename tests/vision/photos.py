"""The real people of the photographs that registry packages carry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from edge.drivers.vision.nets import models
from edge.drivers.vision.nets.blazeface import Face
from edge.drivers.vision.sight import Sight
from sim.camera.pixels import Rgb

WIDTH_MIN = 60.0  # of a face, in pixels of the photograph


def photographed(sight: Sight) -> Iterator[tuple[Rgb, Face]]:
    """Each of the sixteen with their photograph."""
    models.fetch(models.PICTURES_DIR, "pictures")
    for photo in models.members("pictures").values():
        with Image.open(models.PICTURES_DIR / photo.name) as picture:
            rgb = np.asarray(picture.convert("RGB"))
        yield from ((rgb, face) for face in sight.faces(rgb) if face.w > WIDTH_MIN)
