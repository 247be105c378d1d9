"""Cable in again."""

from __future__ import annotations

from msgspec import Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """No keys."""


def play(_: Step, stage: Stage) -> None:
    stage.touch("put the cable in", "replug")
