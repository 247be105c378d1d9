"""All networks together: one shot in, what it shows out. Plain functions of the shot but for the
learnt open eye.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from edge.drivers.vision import embed, lids, mesh, quality, spoof
from edge.drivers.vision.blazeface import Detector, Face
from edge.drivers.vision.tflite import Model, identity, open_model

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Rgb

WARM_UP_SHAPE = (480, 640, 3)
FACE_PROBLEMS = frozenset({"no_face", "two_faces", "too_small"})  # nothing further is measured


class Look(Struct, frozen=True, eq=False):
    """What one shot shows. live is -1 when the face was not frontal or there was none."""

    problem: str | None
    face: Face | None = None
    pose: mesh.Pose | None = None
    eye_open: float = 1.0
    live: float = -1.0


class Sight:
    """The networks, loaded once. Errors: E-VIS-01, E-VIS-02, E-VIS-05."""

    def __init__(self, directory: Path, limits: quality.Thresholds | None = None) -> None:
        def net(role: str) -> Model:
            return open_model(directory, role)

        self._limits = limits or quality.Thresholds()
        self._detector = Detector(net("detector"), net("detector_back"))
        self._mesh, self._iris = net("mesh"), net("iris")
        self._spoof, self._embed = net("spoof"), net("embed")
        self._lids = lids.Lids()

    def warm_up(self) -> None:
        """Run every network once: first runs allocate and are several times slower."""
        blank = np.zeros(WARM_UP_SHAPE, dtype=np.uint8)
        points = np.array(
            [[280, 220], [360, 220], [320, 260], [320, 300], [240, 230], [400, 230]], np.float32
        )
        face = Face(1.0, 240.0, 160.0, 160.0, 160.0, points)
        self._detector.faces(blank)
        lids.ratio(self._iris, blank, mesh.fit(self._mesh, blank, face), mesh.Pose(0, 0, 0, 0))
        spoof.live_probability(self._spoof, blank, face)
        embed.embedding(self._embed, blank, face)

    def forget(self) -> None:
        """Another person may come."""
        self._lids.forget()

    def look(self, rgb: Rgb) -> Look:
        """Measure one shot."""
        faces = self._detector.faces(rgb)
        problem = quality.problem_of(rgb, faces, self._limits)
        if not faces or problem in FACE_PROBLEMS:
            return Look(problem, faces[0] if faces else None)
        face = faces[0]
        shape = self.shape(rgb, face)
        if shape.presence < self._limits.presence_min:
            return Look("no_face", face)
        pose = mesh.pose(shape)
        seen = max(abs(pose.depth_yaw_deg), abs(pose.yaw_deg))
        frontal = seen <= self._limits.turned_deg
        opening = self._lids.openness(
            lids.ratio(self._iris, rgb, shape, pose), frontal=frontal and problem is None
        )
        if problem is None and not frontal:
            problem = "turned"
        live = spoof.live_probability(self._spoof, rgb, face) if frontal else -1.0
        return Look(problem, face, pose, opening, live)

    def faces(self, rgb: Rgb) -> list[Face]:
        """Every face of a picture."""
        return self._detector.faces(rgb)

    def shape(self, rgb: Rgb, face: Face) -> mesh.Mesh:
        """The 468 points of a face."""
        return mesh.fit(self._mesh, rgb, face)

    def lid_lines(self, rgb: Rgb, shape: mesh.Mesh) -> tuple[Floats, Floats]:
        """The lids of the right and left eye."""
        return lids.lines(self._iris, rgb, shape)

    def template(self, rgb: Rgb, face: Face) -> Floats:
        """192 numbers of unit length."""
        return embed.embedding(self._embed, rgb, face)

    def template_model(self) -> str:
        """What a template says it was made with."""
        return identity("embed")
