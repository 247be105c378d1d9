"""fr_liveness: a second opinion on the very crop that `spoof` looks at, for who wants one.

Input 128x128 BGR, raw 0..255, planes first; softmax of 3 logits, class 0 is live. The package that
carries it feeds RGB: fed so its AUC falls from 0.95 to 0.60 (CASIA-FASD). Its errors differ from the
first net's; alone it is the weaker one and refuses many people (LIVENESS.md has the figures).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.drivers.vision.nets import onnx, spoof

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb
    from edge.drivers.vision.nets.blazeface import Face

ROLE = "second"
SIZE = 128
LIVE = 0


class Opinion:
    """The net, loaded once. Errors: E-VIS-01, E-VIS-02, E-VIS-05, E-VIS-08, E-VIS-10."""

    def __init__(self, directory: Path) -> None:
        self._model = onnx.open_model(directory, ROLE)

    def live_probability(self, rgb: Rgb, face: Face) -> float:
        """0..1."""
        return spoof.share(self._model.run(spoof.patch(rgb, face, SIZE)), LIVE)
