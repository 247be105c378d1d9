"""The flash takes no writes any more, or takes them again."""

from __future__ import annotations

from msgspec import Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`read_only`."""

    read_only: bool


def play(step: Step, stage: Stage) -> None:
    stage.fault("the flash is read-only" if step.read_only else "the flash takes writes")
    stage.ask("flash", read_only=step.read_only)
