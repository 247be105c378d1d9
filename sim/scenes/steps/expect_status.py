"""What the simulator says of the board: starts, why it started, its console."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage

CONSOLE_SHOWN = 300


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """`boots`: exactly; `boots_min`: at least; `causes`: the first ones, 1 power, 3 watchdog;
    `console`: holds this; `quiet` = true: no word on the console; `running`: a CPU runs."""

    boots: Annotated[int, Meta(ge=0, le=1000)] = 0
    boots_min: Annotated[int, Meta(ge=0, le=1000)] = 0
    causes: Annotated[list[int], Meta(max_length=100)] = []
    console: Annotated[str, Meta(max_length=200)] = ""
    quiet: bool = False
    running: bool | None = None
    within_ms: Annotated[int, Meta(ge=1, le=600_000)] = 2_000


def play(step: Step, stage: Stage) -> None:
    def wrong() -> list[str]:
        state = stage.board.state()
        causes = state["causes"][: len(step.causes)]
        checks = (
            (not step.boots or state["boots"] == step.boots, f"boots {state['boots']}"),
            (state["boots"] >= step.boots_min, f"boots {state['boots']}"),
            (causes == step.causes, f"causes {state['causes'][-12:]}"),
            (step.console in state["console"], f"console {state['console'][-CONSOLE_SHOWN:]!r}"),
            (step.running in (None, bool(state["vm"])), f"cpu {state['vm']}"),
        )
        return [text for good, text in checks if not good]

    stage.watch(lambda: not wrong(), step.within_ms, _words(step), lambda: ", ".join(wrong()))
    console = stage.board.state()["console"]
    if step.quiet and console:
        raise Unmet("a quiet console", repr(console[-CONSOLE_SHOWN:]))


def _words(step: Step) -> str:
    parts = [
        f"boots {step.boots}" if step.boots else "",
        f"at least {step.boots_min} boots" if step.boots_min else "",
        f"causes {step.causes}" if step.causes else "",
        f"console with {step.console!r}" if step.console else "",
        "" if step.running is None else f"running {step.running}",
    ]
    return ", ".join(part for part in parts if part) or "the board's state"
