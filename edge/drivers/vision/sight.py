"""All networks together: one shot in, what it shows out. Plain functions of the shot but for the
learnt open eye and the count of the good ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from edge.drivers.vision import checks, planes
from edge.drivers.vision.checks import pose as facing
from edge.drivers.vision.light import glow, irises, skin
from edge.drivers.vision.nets import embed, lids, mesh, second, spoof
from edge.drivers.vision.nets.blazeface import Detector, Face
from edge.drivers.vision.nets.tflite import Model, identity, open_model

if TYPE_CHECKING:
    from edge.drivers.vision import Floats, Picture, Rgb

SAME_EVERY = 5  # three a second
UNLIT = ("too_dark", "too_bright")
WARM_UP_SHAPE = (480, 640, 3)


class Look(Struct, frozen=True, eq=False):
    """What one shot shows. live is -1 when the face was not frontal or there was none, live2 too where
    there is no second net, infrared and relief_mm where the camera has no such eye or it measured nothing (`planes`). `shape`: None where
    nothing was measured; `template`: of every SAME_EVERY-th good shot, for the same face all through.
    """

    problem: str | None
    face: Face | None = None
    pose: mesh.Pose | None = None
    eye_open: float = 1.0
    live: float = -1.0
    live2: float = -1.0
    infrared: float = -1.0
    relief_mm: float = -1.0
    shape: mesh.Mesh | None = None
    glow: tuple[float, ...] = ()
    eyes: bytes = b""
    template: Floats | None = None


class Sight:
    """The networks, loaded once; `second_too`: with the optional one (`second`). Errors: E-VIS-01,
    E-VIS-02, E-VIS-05, E-VIS-08, E-VIS-10.
    """

    def __init__(self, directory: Path, *, second_too: bool = False) -> None:
        def net(role: str) -> Model:
            return open_model(directory, role)

        self._gate = checks.Gate()
        self._facing = facing.Limits()
        self._detector = Detector(net("detector"), net("detector_back"))
        self._mesh, self._iris = net("mesh"), net("iris")
        self._spoof, self._embed = net("spoof"), net("embed")
        self._second = second.Opinion(directory) if second_too else None
        self._lids, self._irises, self._skin = lids.Lids(), irises.Irises(), skin.Skin()
        self._good = 0

    def warm_up(self) -> None:
        """Run every network once: first runs allocate and are several times slower."""
        blank = np.zeros(WARM_UP_SHAPE, dtype=np.uint8)
        points = np.array(
            [[280, 220], [360, 220], [320, 260], [320, 300], [240, 230], [400, 230]], np.float32
        )
        face = Face(1.0, 240.0, 160.0, 160.0, 160.0, points)
        self._detector.faces(blank)
        lids.ratio(self._iris, blank, mesh.fit(self._mesh, blank, face), mesh.Pose(0, 0, 0, 0))
        self._alive(blank, face)
        embed.embedding(self._embed, blank, face)

    def forget(self) -> None:
        """Another person may come."""
        self._lids.forget()
        self._irises.forget()
        self._skin.forget()
        self._good = 0

    def look(self, rgb: Rgb, *, lids_too: bool = True) -> Look:
        """Measure one shot. Lids are for gestures; without them it is a quarter faster, and the irises are
        measured, from the first such shot on.
        """
        scene = checks.scene(rgb, self._detector.faces(rgb))
        first = self._gate.before_mesh(scene)
        if not scene.faces or first.stops:
            return Look(first.problem, scene.faces[0] if scene.faces else None)
        face = scene.face
        shape = self.shape(rgb, face)
        pose = mesh.pose(shape)
        then = self._gate.with_mesh(replace(scene, shape=shape, pose=pose))
        if then.stops:  # in the dark the mesh is unsure, and light is what would help
            return Look(first.problem) if first.problem in UNLIT else Look(then.problem, face)
        frontal = facing.frontal(pose, self._facing)
        opening = 1.0
        if lids_too:
            self._irises.forget()
            self._skin.forget()
            opening = self._lids.openness(
                lids.ratio(self._iris, rgb, shape, pose), frontal=frontal and first.problem is None
            )
        live, live2 = self._alive(rgb, face) if frontal else (-1.0, -1.0)
        problem = first.problem or then.problem
        lit = shape if lids_too else self._skin.laid(rgb, shape)
        return Look(
            problem, face, pose, opening, live, live2, shape=shape, glow=glow.measure(rgb, lit),
            eyes=b"" if lids_too else self._irises.measure(rgb, shape),
            template=None if problem else self._now_and_then(rgb, face),
        )  # fmt: skip

    def _alive(self, rgb: Rgb, face: Face) -> tuple[float, float]:
        """What the anti-spoof nets say."""
        first = spoof.live_probability(self._spoof, rgb, face)
        return first, -1.0 if self._second is None else self._second.live_probability(rgb, face)

    def _now_and_then(self, rgb: Rgb, face: Face) -> Floats | None:
        self._good += 1
        return self.template(rgb, face) if self._good % SAME_EVERY == 1 else None

    def depths(self, look: Look, shot: Picture) -> Look:
        """The look with what the shot's other eyes see of its face."""
        if look.face is None or look.shape is None or (shot.ir is None and shot.depth is None):
            return look
        wide = shot.rgb.shape[1]
        return replace(
            look,
            infrared=planes.infrared(self._detector, shot.ir, wide, look.face),
            relief_mm=planes.relief_mm(shot.depth, wide, look.face, look.shape),
        )

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
