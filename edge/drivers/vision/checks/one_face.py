"""Exactly one face. A smaller one behind, on a poster or on somebody's shirt, is a bystander."""

from __future__ import annotations

from msgspec import Struct

from edge.drivers.vision.checks import Scene

AT = 20
SAYS = ("no_face", "two_faces")
STOPS = SAYS


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """second_min: of the first one's width; smaller is a bystander behind."""

    second_min: float = 0.45


def problem(scene: Scene, limits: Limits) -> str | None:
    """The largest face is served, whoever else is about; none of nearly its size may be beside."""
    if not scene.faces:
        return "no_face"
    crowd = any(other.w > scene.face.w * limits.second_min for other in scene.faces[1:])
    return "two_faces" if crowd else None
