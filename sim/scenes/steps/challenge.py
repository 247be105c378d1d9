"""The host asks for the colours of a liveness challenge."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.wire.cable import challenge_text
from sim.scenes.stage import Stage

Colour = Literal["off", "red", "green", "blue", "yellow", "magenta", "cyan", "white"]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`colours`: off red green blue yellow magenta cyan white, each for `step_ms`."""

    number: Annotated[int, Meta(ge=0, le=65535)]
    step_ms: Annotated[int, Meta(ge=50, le=2000)]
    colours: Annotated[list[Colour], Meta(min_length=1, max_length=16)]


def play(step: Step, stage: Stage) -> None:
    stage.mark_lamps()
    text = challenge_text(step.number, step.step_ms, step.colours)
    stage.linked().command("challenge", text)
