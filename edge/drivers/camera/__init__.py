"""The camera port. One file per kind of camera; the file's name is the name in the configuration.

A driver module has `Options` (a Struct: the keys of its configuration section) and
`Driver(options)`, where options is that Struct or the plain mapping it is decoded from. numpy and
Pillow are imported only inside `shots`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from edge.errors import EdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
PIXELS_MAX = 4096 * 4096  # a larger picture is not a camera's


class Shot(Struct, frozen=True, eq=False):
    """One camera picture: rgb uint8 HxWx3, monotonic ms at which it was taken, number rising by
    at least one. Cameras with more eyes add planes of the same moment and the same view (the
    driver aligns them; any resolution of the same shape): ir uint8 HxW of light that its own
    infrared lamp gave, depth uint16 HxW in mm, 0 = not measured.
    """

    rgb: NDArray[np.uint8]
    at_mono_ms: int
    number: int
    ir: NDArray[np.uint8] | None = None
    depth: NDArray[np.uint16] | None = None


class Camera(Protocol):
    """`shots` gives the newest shot each time it is asked, waiting for it, until `stop` is set.

    Errors of the device: EdgeError E-CAM-*. A new call starts the device again, so that a caller
    can recover. `hold(True)`: leave exposure and white balance as they are now, for light that is
    measured; `hold(False)`: let them go again, called at each start too, for whatever held them before.
    It is called between two shots, by who takes them, and never raises: False when it was tried and
    failed; a camera that has nothing to try shows it in its pictures.
    """

    def shots(self, stop: Event) -> Iterator[Shot]: ...
    def hold(self, still: bool) -> bool: ...


def options_of(given: Mapping[str, Any] | Struct, kind: type[T]) -> T:
    """The options as the driver's own Struct. E-CAM-05 when a key or a value is wrong."""
    if isinstance(given, kind):
        return given
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as wrong:
        raise EdgeError(
            "E-CAM-05", f"camera options: {wrong}", "see the driver's Options"
        ) from wrong
