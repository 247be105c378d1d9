"""How bright an emitter is, as a camera in front of the board sees it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`emitter` is on or off, within a time."""

    emitter: Literal["infrared", "white"]
    on: bool
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 500


def play(step: Step, stage: Stage) -> None:
    def level() -> float:
        return float(stage.ask("light")[step.emitter])

    wanted = f"{step.emitter} {'on' if step.on else 'off'}"
    stage.watch(lambda: bool(level()) == step.on, step.within_ms, wanted, lambda: str(level()))
