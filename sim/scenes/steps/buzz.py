"""The host asks for a sound."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`pattern`: short ok no, or one that does not exist."""

    pattern: Annotated[str, Meta(max_length=16, pattern="^[a-z0-9_]*$")]


def play(step: Step, stage: Stage) -> None:
    stage.linked().command("buzz", step.pattern)
