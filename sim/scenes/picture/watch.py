"""What the board itself kept of a run (its ring, its buzzer, its starts) as moments beside those of
the runner."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from sim.board.port import Virtual
from sim.scenes.boards import Simulated
from sim.scenes.seen import Moment
from sim.scenes.stage import Stage, name

LINES_MAX = 50_000
CAUSES: Final = {1: "power", 3: "watchdog or reset()"}


def observe(stage: Stage) -> None:
    """Add them to the record."""
    if not isinstance(stage.board, Simulated):
        return
    began_us = stage.clock.began_us
    lamps = stage.lamps()
    for at_us, ring in lamps.history:
        body = {"ring": ["#%02x%02x%02x" % one for one in ring]}  # noqa: UP031 (a tuple of three)
        words = " ".join(sorted({name(one) for one in ring}))
        stage.record.add(Moment(max(0, at_us - began_us), "ring", words, "", body))
    for at_us, hz in lamps.tones:
        stage.record.add(Moment(max(0, at_us - began_us), "buzzer", str(hz), "", {"hz": hz}))
    if isinstance(stage.clock, Virtual):  # the trace of a board on the wall has a start of its own
        stage.ask("trace")  # written out when this returns
        _traced(stage, stage.board.sim.trace_path)


def _traced(stage: Stage, path: Path) -> None:
    """Starts, pins and writes of the flash, from the board's trace."""
    with path.open("rb") as file:
        for line in islice(file, LINES_MAX):
            event = msgspec.json.decode(line)
            at_us = max(0, event.get("t", 0) - stage.clock.began_us)
            match event["kind"]:
                case "reset":
                    words = CAUSES.get(event["cause"], str(event["cause"]))
                    stage.record.add(Moment(at_us, "boot", words))
                case "pin":
                    body = {"level": int(event["level"])}
                    stage.record.add(Moment(at_us, "pin", f"GP{event['pin']}", "", body))
                case "flash":
                    stage.record.add(Moment(at_us, "flash", f"{event['do']} {event['block']}"))
                case _:
                    continue
