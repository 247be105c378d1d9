"""What may be wrong with a shot, one file for each: a gate that a shot passes before it is judged.

A file has `AT` (in which order: what a person can do something about comes first), `SAYS` (the
problems it may name; each has its words in http/static/i18n), `Limits` (a Struct of numbers) and
`problem(scene, limits)`. `NEEDS_MESH = True`: it is asked after the mesh was fitted. `STOPS`: the
problems after which nothing more is measured. Files are found by listing this folder: a new one
needs no other change than its words.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from PIL import Image

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb
    from edge.drivers.vision.nets.blazeface import Face
    from edge.drivers.vision.nets.mesh import Mesh, Pose

PATCH = 96  # the face is judged at this size, so that distance does not change the figures
ROOM_STEP = 8  # of the whole picture every eighth pixel is looked at


class Scene(Struct, frozen=True, eq=False):
    """One shot and what is known of it so far. faces: the largest first. patch: luma 0..255 of the
    largest at PATCH x PATCH, room: of the whole picture, coarse.
    """

    rgb: Rgb
    faces: list[Face]
    patch: Floats | None
    room: Floats
    shape: Mesh | None = None
    pose: Pose | None = None

    @property
    def face(self) -> Face:
        """Who is served: the largest face. There must be one."""
        return self.faces[0]


class Finding(Struct, frozen=True):
    """The first problem, None = good; stops: nothing more can be measured."""

    problem: str | None
    stops: bool = False


class Gate:
    """All checks of the folder, in their order."""

    def __init__(self) -> None:
        found = sorted(modules().values(), key=lambda module: int(module.AT))
        self._checks = [(module, module.Limits()) for module in found]

    def before_mesh(self, scene: Scene) -> Finding:
        """What is wrong before anything was measured in the face."""
        return self._first(scene, after=False)

    def with_mesh(self, scene: Scene) -> Finding:
        """What the mesh shows to be wrong."""
        return self._first(scene, after=True)

    def _first(self, scene: Scene, *, after: bool) -> Finding:
        for module, limits in self._checks:
            if getattr(module, "NEEDS_MESH", False) is after:
                found = module.problem(scene, limits)
                if found is not None:
                    assert found in module.SAYS, (module.__name__, found)
                    return Finding(found, found in getattr(module, "STOPS", ()))
        return Finding(None)


def modules() -> dict[str, ModuleType]:
    """File name -> module."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def says() -> frozenset[str]:
    """Every problem that any check may name."""
    return frozenset(problem for module in modules().values() for problem in module.SAYS)


def scene(rgb: Rgb, faces: list[Face]) -> Scene:
    """A shot as the detector left it."""
    return Scene(rgb, faces, _patch(rgb, faces[0]) if faces else None, luma(rgb[::ROOM_STEP, ::ROOM_STEP]))


def luma(rgb: Any) -> Floats:
    """0..255."""
    out = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.asarray(out, dtype=np.float32)


def _patch(rgb: Rgb, face: Face) -> Floats:
    high, wide = rgb.shape[:2]
    left, top = max(0, int(face.x)), max(0, int(face.y))
    right, bottom = min(wide, int(face.x + face.w)), min(high, int(face.y + face.h))
    if right - left < 2 or bottom - top < 2:  # noqa: PLR2004 - nothing left inside the shot
        return np.zeros((PATCH, PATCH), dtype=np.float32)
    return luma(np.asarray(Image.fromarray(rgb[top:bottom, left:right]).resize((PATCH, PATCH))))
