"""Hold a button."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`button`: face qr card confirm cancel other_way done; held for `ms`."""

    button: Annotated[str, Meta(max_length=16)]
    ms: Annotated[int, Meta(ge=1, le=60_000)] = 100


def play(step: Step, stage: Stage) -> None:
    hand = f"press the button {step.button} for {step.ms} ms"
    stage.touch(hand, "press", button=step.button, ms=step.ms)
