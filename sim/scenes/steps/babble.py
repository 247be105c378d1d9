"""Rubbish on the cable, to the board."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.stage import Stage

CHUNK = 1000
GAP_MS = 5


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`bytes` of the run's dice. `solid`: no zero among them, so that no packet ever ends."""

    bytes: Annotated[int, Meta(ge=1, le=1_000_000)]
    solid: bool = False


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.fault(f"babble {step.bytes} bytes")
    for at in range(0, step.bytes, CHUNK):
        data = stage.dice.randbytes(min(CHUNK, step.bytes - at))
        host.raw(data.replace(b"\0", b"\1") if step.solid else data)
        stage.run(GAP_MS)
