"""What the board itself kept of a run (its ring, its buzzer, its starts) as moments beside those of
the runner."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from firmware.boards import sim as wiring
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
    stage.ask("trace")  # written out when this returns
    earlier_us = began_us - int(stage.board.state()["began_us"])  # than the run the board began
    _traced(stage, stage.board.sim.trace_path, earlier_us)


def pin_name(pin: int) -> str:
    """What is wired to it, where that has a name of its own."""
    buttons = {number: name for name, number in wiring.BUTTONS}
    names = {number: name for name, number in vars(wiring).items() if name.endswith("_PIN")}
    if pin in wiring.TAMPER_PINS:
        names[pin] = f"TAMPER_{wiring.TAMPER_PINS.index(pin)}_PIN"
    what = buttons.get(pin) or names.get(pin, "").removesuffix("_PIN").lower()
    return f"{what} GP{pin}" if what else f"GP{pin}"


def _traced(stage: Stage, path: Path, earlier_us: int) -> None:
    """Starts, pins that moved, and writes of the flash, from the board's trace."""
    pins: dict[int, list[Moment]] = {}
    with path.open("rb") as file:
        for line in islice(file, LINES_MAX):
            event = msgspec.json.decode(line)
            at_us = max(0, event.get("t", 0) - earlier_us)
            match event["kind"]:
                case "reset":
                    words = CAUSES.get(event["cause"], str(event["cause"]))
                    stage.record.add(Moment(at_us, "boot", words))
                case "pin":
                    body = {"level": int(event["level"])}
                    moment = Moment(at_us, "pin", pin_name(event["pin"]), "", body)
                    pins.setdefault(event["pin"], []).append(moment)
                case "flash":
                    stage.record.add(Moment(at_us, "flash", f"{event['do']} {event['block']}"))
                case _:
                    continue
    for _, moments in sorted(pins.items()):
        if len({moment.body["level"] for moment in moments}) > 1:
            for moment in moments:
                stage.record.add(moment)
