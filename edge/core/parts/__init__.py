"""The parts of a terminal beside the visit and the outbox: one file each, all with one surface.

A part sees every event after the terminal's own bookkeeping, keeps its own few fields and speaks
through `Site` with the others. A new duty of the terminal is a new file here and a line in
`core.terminal`."""

from __future__ import annotations

from typing import Protocol

from edge.core.effects import Effect
from edge.core.events import Event
from edge.core.types import Json, Now


class Part(Protocol):
    """One duty. Pure: no I/O, clock or randomness but what is handed in."""

    def start(self, now: Now) -> list[Effect]:
        """What a boot has to put right."""
        ...

    def step(self, event: Event, now: Now) -> list[Effect]:
        """React to one event; [] for one that is not its business."""
        ...

    def deadline(self) -> int | None:
        """When a Tick is due, in ms since boot; None = never."""
        ...

    def closed(self) -> str:
        """Why the terminal takes nothing new on this part's account, "" = it may."""
        ...

    def status(self, now: Now) -> Json:
        """Its lines of /v1/status."""
        ...
