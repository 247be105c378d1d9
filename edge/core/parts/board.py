"""What the controller says about itself and the case it is in: kept for /v1/status, with an alarm for
each thing that somebody has to look at.

A tamper alarm stays until a person with access to the terminal's interface has said that the case is
whole (`POST /v1/board/tamper/clear`), and then the controller, which keeps the latch in its flash,
has to agree.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import msgspec

from edge.core import events
from edge.core.effects import ClearTamper, Effect, Reply
from edge.core.events import Event
from edge.core.types import Json, Now

ACCEPTED = 202
TAMPER: Final = "E-BRD-40"
OF_LIMIT: Final = MappingProxyType({
    "supply_low": "E-BRD-41", "supply_high": "E-BRD-41", "too_hot": "E-BRD-42",
    "too_cold": "E-BRD-42", "memory_low": "E-BRD-43", "slow": "E-BRD-43",
})  # fmt: skip


class BoardDesk:
    """Implements `parts.Part`."""

    def __init__(self) -> None:
        self._info: Json = {}
        self._tampered = events.Tampered((), ())
        self._health: events.BoardHealth | None = None
        self._line: events.BoardLine | None = None
        self._near: bool | None = None
        self._emitted: events.Emitted | None = None
        self._lit: events.Lit | None = None

    def start(self, now: Now) -> list[Effect]:
        """Nothing is known before the first session."""
        return []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """Its readings, and who asks."""
        match event:
            case events.BoardUp(info):
                self._info = info
            case events.BoardLost():
                self._near = self._health = self._line = None  # old readings are none; a latched alarm stays
            case events.Tampered():
                self._tampered = event
            case events.BoardHealth():
                self._health = event
            case events.BoardLine():
                self._line = event
            case events.Nearby(near):
                self._near = near
            case events.Emitted():
                self._emitted = event
            case events.Lit():
                self._lit = event
            case events.ClearTamperAsked(call):
                latched = self._tampered.latched
                told = [ClearTamper(latched)] if latched else []
                return [*told, Reply(call, ACCEPTED, self.status(now))]
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """Nothing is due here."""
        return None

    def closed(self) -> str:
        """Never: what a broken seal means is the operator's decision, and the alarm says it."""
        return ""

    def alarms(self) -> list[str]:
        """Codes, each once; `facepay explain` has the next steps."""
        found = [TAMPER] if self._tampered.latched else []
        limits = self._health.limits if self._health is not None else ()
        return found + sorted({OF_LIMIT[limit] for limit in limits})

    def status(self, now: Now) -> Json:
        """The lines `controller` and `alarms`."""
        health, lit, emitted = self._health, self._lit, self._emitted
        readings: Json = {} if health is None else {
            "supply_mv": health.supply_mv, "deci_c": health.deci_c,
            "free_bytes": health.free_bytes, "worst_round_ms": health.worst_ms,
            "limits": list(health.limits),
        }  # fmt: skip
        return {
            "controller": {
                "version": self._info.get("version", ""),
                "build": self._info.get("build", ""),
                "slot": self._info.get("slot", ""),
                "trial": self._info.get("trial", False),
                "near": self._near,
                "open": list(self._tampered.open),
                "tampered": list(self._tampered.latched),
                "readings": readings,
                "line": {} if self._line is None else msgspec.to_builtins(self._line),
                "challenge": None if lit is None else [lit.number, *lit.at_us],
                "emitted": None if emitted is None else [emitted.emitter, emitted.ms, emitted.why],
            },
            "alarms": self.alarms(),
        }
