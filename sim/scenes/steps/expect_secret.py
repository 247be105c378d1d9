"""Nothing of a text was on the cable in the clear, in either direction, since the host connected."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`text`: what the reader read, for instance."""

    text: Annotated[str, Meta(min_length=4, max_length=64)]


def play(step: Step, stage: Stage) -> None:
    host = stage.linked()
    packets = [*host.said, *host.got]
    if not packets:
        raise Unmet("packets to look at", "none")
    clear = [one for one in packets if step.text.encode() in one]
    if clear:
        raise Unmet(f"{step.text} nowhere in the clear", clear[0].hex())
