"""No camera: a terminal for cards only. Says so at once, so that the core offers neither face
nor code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

from msgspec import Struct

from edge.drivers.camera import Shot, options_of
from edge.errors import EdgeError


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


class Driver:
    """The camera that is not there. Error: E-CAM-07, always."""

    def __init__(self, options: Options | Mapping[str, Any]) -> None:
        options_of(options, Options)

    def shots(self, stop: Event) -> Iterator[Shot]:
        raise EdgeError(
            "E-CAM-07", "this terminal has no camera", "set camera in the configuration"
        )

    def hold(self, still: bool) -> bool:
        """There is nothing to hold."""
        return True
