"""The neural networks are there and exactly the listed ones."""

from __future__ import annotations

from pathlib import Path

from edge.config import NONE
from edge.field.checks import OK, Ask, Finding

NAME, AT = "models", 100


def check(ask: Ask) -> list[Finding]:
    """By SHA-256. E-VIS-01, E-VIS-02, E-VIS-10."""
    assert ask.config is not None
    if ask.config.camera.driver == NONE:
        return [Finding(NAME, OK, "none needed without a camera")]
    from edge.drivers.vision.nets import models

    place = Path(ask.config.vision.models)
    held = models.verify(place)
    if ask.config.vision.second:
        from edge.drivers.vision.nets import extra

        held |= extra.check(place)
    return [Finding(NAME, OK, f"{len(held)} as listed in {ask.config.vision.models}")]
