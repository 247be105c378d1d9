"""Bytes of the card or code reader, whatever they are."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`text` with a line's end behind it, or `hex` as it stands; sent `times`."""

    text: Annotated[str, Meta(max_length=1024)] = ""
    hex: Annotated[str, Meta(max_length=2048, pattern="^([0-9a-f][0-9a-f])*$")] = ""
    times: Annotated[int, Meta(ge=1, le=100)] = 1


def play(step: Step, stage: Stage) -> None:
    if bool(step.text) == bool(step.hex):
        raise Unmet("either text or hex", "both or none")
    data = bytes.fromhex(step.hex) or step.text.encode() + b"\r\n"
    for _ in range(step.times):
        stage.ask("line", hex=data.hex())
