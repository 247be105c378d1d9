"""What the cable does to packets from now on; the step without keys makes it good again."""

from __future__ import annotations

import msgspec

from sim.scenes.line import Faults as Step
from sim.scenes.stage import Stage


def play(step: Step, stage: Stage) -> None:
    stage.faults = step
    changed = {k: v for k, v in msgspec.structs.asdict(step).items() if v and v != "both"}
    stage.fault(" ".join(f"{k} {v}" for k, v in changed.items()) or "the line is good")
    if stage.host is not None:
        stage.host.faults = step
