"""The host asks for infrared light or for a white flash."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.wire.cable import emit_text
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`ms` 0 switches off; the controller grants what is safe."""

    emitter: Literal["infrared", "white"]
    ms: Annotated[int, Meta(ge=0, le=65535)]


def play(step: Step, stage: Stage) -> None:
    stage.linked().command("emit", emit_text(step.emitter, step.ms))
