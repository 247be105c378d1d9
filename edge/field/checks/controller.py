"""The controller: there, paired with our key, and running the newest program of this checkout."""

from __future__ import annotations

import tomllib
from pathlib import Path

from edge.config import NONE
from edge.core.types import Json
from edge.field.checks import FAIL, OK, WARN, Ask, Finding
from edge.wire import slot_manifest

NAME, AT = "controller", 110
TREE = Path(__file__).resolve().parents[3]


def check(ask: Ask) -> list[Finding]:
    """The running agent holds its link and tells what it heard; else it is greeted here."""
    assert ask.config is not None
    board = ask.config.board
    if board.driver == NONE:
        return [Finding(NAME, OK, "none: no lamps, no card reader on a cable")]
    if ask.told is not None:
        state = str(ask.told["board"])
        if state != "ok":
            return [Finding(NAME, FAIL, "the agent has lost it", state, f"facepay explain {state}")]
        told: Json = ask.told["controller"]
        alarms = [
            Finding(NAME, WARN, "the controller raises an alarm", str(code), f"facepay explain {code}")
            for code in ask.told["alarms"]
        ]
        text = f"the agent has its link: version {told['version']}, build {told['build']}"
        return [judged(text, str(told["build"]), TREE), *alarms]
    from edge.drivers.board.serial_port import read_key
    from edge.field.flash.link import greet

    key = read_key(Path(board.options["pair_key"]))
    heard = greet(Path(board.options["port"]), key)
    trial = ", on trial" if heard.trial else ""
    text = f"{heard.board}, version {heard.version}, build {heard.build}{trial}, paired with our key, {heard.ms} ms"
    return [judged(text, heard.build, TREE)]


def judged(text: str, build: str, tree: Path) -> Finding:
    """The running build beside the one that the sources here make; E-BRD-08 when it is another."""
    shipped = shipped_build(tree)
    if shipped and build != shipped:
        fix = "facepay flash app (a build of mpy-cross or of another maker differs too)"
        return Finding(NAME, WARN, f"{text}; the newest here is {shipped}", "E-BRD-08", fix)
    return Finding(NAME, OK, f"{text}, the newest here" if shipped else text)


def shipped_build(tree: Path) -> str:
    """The build that this release's sources make; "" where they are not there."""
    try:
        told = tomllib.loads((tree / "firmware/manifest.toml").read_text(encoding="utf-8"))
        files = {place: (tree / source).read_bytes() for place, source in told["application"].items()}
    except (OSError, ValueError, KeyError):
        return ""
    return slot_manifest.build_of(files)
