"""The camera gives a picture."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

from edge.config import NONE
from edge.errors import EdgeError
from edge.field.checks import FAIL, OK, WARN, Ask, Finding
from edge.loader import load

NAME, AT = "camera", 90
FIRST_SHOT_S = 10.0


def check(ask: Ask) -> list[Finding]:
    """The running agent has it; else one picture is taken and thrown away."""
    assert ask.config is not None
    if ask.config.camera.driver == NONE:
        return [Finding(NAME, OK, "none: this terminal is for cards")]
    if ask.told is not None:
        state = str(ask.told["camera"])
        if state == "ok":
            return [Finding(NAME, OK, "the agent sees through it")]
        return [Finding(NAME, FAIL, "the agent has lost it", state, f"facepay explain {state}")]
    got: list[Any] = []
    stop = Event()
    thread = Thread(target=_first, args=(ask, stop, got), daemon=True)
    thread.start()
    thread.join(FIRST_SHOT_S)
    stop.set()
    if not got:
        return [Finding(NAME, FAIL, f"no picture in {FIRST_SHOT_S:.0f} s", "E-CAM-02", "is another program using it?")]
    if isinstance(got[0], EdgeError):
        return [Finding(NAME, FAIL, got[0].message, got[0].code, got[0].hint)]
    if isinstance(got[0], Exception):
        return [Finding(NAME, WARN, f"{type(got[0]).__name__}: {got[0]}"[:200], "", "report this as a bug")]
    return [Finding(NAME, OK, f"{ask.config.camera.driver} gives pictures")]


def _first(ask: Ask, stop: Event, got: list[Any]) -> None:
    assert ask.config is not None
    try:
        camera = load("camera", ask.config.camera.driver)(ask.config.camera.options)
        got.append(next(iter(camera.shots(stop))))
    except Exception as error:
        got.append(error)
