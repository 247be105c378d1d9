"""Vision: what a shot shows, said as core events. `eyes.Eyes` is the driver; only its thread
imports numpy and tflite.

The camera is taken by its shape, not by import: drivers never import each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rgb = NDArray[np.uint8]
    Floats = NDArray[np.float32]


class Picture(Protocol):
    """One shot: rgb uint8 HxWx3, when it was taken (monotonic ms), its number; ir uint8 HxW and
    depth uint16 HxW in mm of the same view, from cameras that have them.
    """

    @property
    def rgb(self) -> Rgb: ...
    @property
    def at_mono_ms(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def ir(self) -> NDArray[np.uint8] | None: ...
    @property
    def depth(self) -> NDArray[np.uint16] | None: ...


class Source(Protocol):
    """A camera: the newest picture each time it is asked, until `stop`; `hold` keeps its exposure and
    white balance as they are, or lets them go; False when that was tried and failed.
    """

    def shots(self, stop: Event) -> Iterator[Picture]: ...
    def hold(self, still: bool) -> bool: ...
