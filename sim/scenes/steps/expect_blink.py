"""How long each colour stood: the ring's own history against a table of (left, right, ms)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from firmware.boards import sim as wiring
from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage, name, shown

WALL_SLACK = 10  # a busy machine is late; virtual time is not


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`table`: rows of ["left colour", "right colour", "ms"], changes of the ring since the
    last `light`, one behind the other, each lasting so long; looked at after `play_ms` more."""

    table: Annotated[list[tuple[str, str, int]], Meta(min_length=1, max_length=40)]
    play_ms: Annotated[int, Meta(ge=1, le=60_000)]
    slack_ms: Annotated[int, Meta(ge=0, le=1_000)] = 12


def play(step: Step, stage: Stage) -> None:
    stage.run(step.play_ms)
    history = stage.lamps().history[stage.lamps_from :]
    rows = [
        (name(_left(ring)), name(_right(ring)), (after[0] - at) // 1000)
        for (at, ring), after in pairwise(history)
    ]
    slack = step.slack_ms * (WALL_SLACK if stage.clock.patience > 1 else 1)
    if not any(
        _near(rows[at : at + len(step.table)], step.table, slack) for at in range(len(rows))
    ):
        words = "; ".join(f"{a}/{b} {ms} ms" for a, b, ms in rows[:12]) or (
            shown(history[-1][1]) if history else "no change"
        )
        raise Unmet("; ".join(f"{a}/{b} {ms} ms" for a, b, ms in step.table), words)


def _left(ring: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int]:
    return ring[wiring.RING_LEFT[0]]


def _right(ring: tuple[tuple[int, int, int], ...]) -> tuple[int, int, int]:
    return next(lamp for at, lamp in enumerate(ring) if at not in wiring.RING_LEFT)


def _near(rows: list[tuple[str, str, int]], table: list[tuple[str, str, int]], slack: int) -> bool:
    return len(rows) == len(table) and all(
        have[:2] == want[:2] and abs(have[2] - want[2]) <= slack
        for have, want in zip(rows, table, strict=True)
    )
