"""The host asks for a light."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`pattern`: off white guide left right ok no, or one that does not exist."""

    pattern: Annotated[str, Meta(max_length=16, pattern="^[a-z0-9_]*$")]


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.mark_lamps()
    host.command("light", step.pattern)
