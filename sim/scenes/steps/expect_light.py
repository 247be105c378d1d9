"""What the ring shows, within a time."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from firmware.boards import sim as wiring
from sim.board import Colour
from sim.scenes.seen import Unmet
from sim.scenes.stage import NAMES, Stage, shown

Paint = Annotated[str, Meta(pattern="^([a-z]+|#[0-9a-f]{6})$", max_length=8)]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`ring`, or `left` and `right`: dark white amber green red lit #rrggbb; "" = whatever. With
    `for_ms` it must then stay so."""

    ring: Paint | None = None
    left: Paint | None = None
    right: Paint | None = None
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 1_000
    for_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 0


def play(step: Step, stage: Stage) -> None:
    left, right = step.left or step.ring, step.right or step.ring
    if left is None and right is None:
        raise Unmet("ring, left or right", "no colour at all")

    def done() -> bool:
        ring = stage.lamps().now
        return all(
            is_colour(lamp, left if number in wiring.RING_LEFT else right)
            for number, lamp in enumerate(ring)
        )

    def seen() -> str:
        return shown(stage.lamps().now)

    wanted = f"ring {step.ring}" if step.ring else f"left {left}, right {right}"
    stage.watch(done, step.within_ms, wanted, seen)
    if step.for_ms:
        since = len(stage.lamps().history)
        stage.run(step.for_ms)
        more = stage.lamps().history[since:]
        if more:
            raise Unmet(f"{wanted} for {step.for_ms} ms", f"then {shown(more[0][1])}")


def is_colour(lamp: Colour, wanted: str | None) -> bool:
    """"lit" is any light, None whatever."""
    if wanted is None:
        return True
    if wanted == "lit":
        return any(lamp)
    if found := re.fullmatch("#(..)(..)(..)", wanted):
        return lamp == tuple(int(part, 16) for part in found.groups())
    colours = {text: colour for colour, text in NAMES.items()}
    if wanted not in colours:
        raise Unmet(f"a colour of {', '.join(colours)}", wanted)
    return lamp == colours[wanted]
