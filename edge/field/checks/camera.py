"""The camera gives a picture, is named so that no other takes its place, and can be held while the lamps play."""

from __future__ import annotations

import re
from threading import Event, Thread
from typing import Any

from edge.config import NONE
from edge.drivers.camera import command, options_of
from edge.errors import EdgeError
from edge.field.checks import FAIL, OK, WARN, Ask, Finding
from edge.loader import load

NAME, AT = "camera", 90
FIRST_SHOT_S = 10.0
BY_NUMBER = re.compile(r"/dev/video\d+")
PROGRAM = "command"


def check(ask: Ask) -> list[Finding]:
    """The running agent has it; else one picture is taken and thrown away."""
    assert ask.config is not None
    camera = ask.config.camera
    if camera.driver == NONE:
        return [Finding(NAME, OK, "none: this terminal is for cards")]
    found = [_sees(ask)]
    if camera.driver == PROGRAM:
        options = options_of(camera.options, command.Options)
        found += _named(options)
        found += _held(options) if ask.config.board.driver != NONE else []
    return found


def _sees(ask: Ask) -> Finding:
    assert ask.config is not None
    if ask.told is not None:
        state = str(ask.told["camera"])
        if state == "ok":
            return Finding(NAME, OK, "the agent sees through it")
        return Finding(NAME, FAIL, "the agent has lost it", state, f"facepay explain {state}")
    got: list[Any] = []
    stop = Event()
    thread = Thread(target=_first, args=(ask, stop, got), daemon=True)
    thread.start()
    thread.join(FIRST_SHOT_S)
    stop.set()
    if not got:
        return Finding(NAME, FAIL, f"no picture in {FIRST_SHOT_S:.0f} s", "E-CAM-02", "is another program using it?")
    if isinstance(got[0], EdgeError):
        return Finding(NAME, FAIL, got[0].message, got[0].code, got[0].hint)
    if isinstance(got[0], Exception):
        return Finding(NAME, WARN, f"{type(got[0]).__name__}: {got[0]}"[:200], "", "report this as a bug")
    return Finding(NAME, OK, f"{ask.config.camera.driver} gives pictures")


def _first(ask: Ask, stop: Event, got: list[Any]) -> None:
    assert ask.config is not None
    try:
        camera = load("camera", ask.config.camera.driver)(ask.config.camera.options)
        got.append(next(iter(camera.shots(stop))))
    except Exception as error:
        got.append(error)


def _named(options: command.Options) -> list[Finding]:
    """A number is given to whatever is plugged in first."""
    words = " ".join((*options.command, *options.hold, *options.free))
    numbers = sorted(set(BY_NUMBER.findall(words)))
    if not numbers:
        return []
    text = f"named by number, {', '.join(numbers)}: another camera may get it"
    return [Finding(NAME, WARN, text, "E-CAM-11", "name it by /dev/v4l/by-id/…")]


def _held(options: command.Options) -> list[Finding]:
    """There are lamps: is the exposure held while they play, and let go behind?"""
    if options.hold and options.free:
        return []
    if not options.hold and set(command.FIXES) <= {word.partition("=")[0] for word in options.command}:
        return []
    text = "its exposure is held and never let go" if options.hold else "nothing holds its exposure while the lamps play"
    return [Finding(NAME, WARN, text, "E-CAM-10", "set hold and free in [camera], as in the example configuration")]
