"""Whether the optional second net may be asked: its file and its runtime. Without numpy, so that the
agent's own thread may look.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from edge.drivers.vision.nets import models
from edge.errors import EdgeError

RUNTIME: Final = "onnxruntime"


def check(directory: Path) -> dict[str, str]:
    """role -> sha256 when all is here. E-VIS-01, E-VIS-02, E-VIS-10."""
    held = models.verify(directory, "second")
    runtime()
    return held


def runtime() -> None:
    """E-VIS-10 where it is not installed."""
    if importlib.util.find_spec(RUNTIME) is None:
        raise EdgeError(
            "E-VIS-10",
            f"the second anti-spoof net is asked for, and {RUNTIME} is not installed",
            "pip install 'facepay[second-net]', or second = false in [vision]",
        )
