"""The mesh's own certainty that this is a face: a hand, a bag, a face cut off at the nose."""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 80
SAYS = ("no_face",)
STOPS = SAYS
NEEDS_MESH = True


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """0..1."""

    presence_min: float = 0.5


def problem(scene: Scene, limits: Limits) -> str | None:
    """Not a face after all."""
    assert scene.shape is not None, "asked with the mesh"
    return "no_face" if scene.shape.presence < limits.presence_min else None
