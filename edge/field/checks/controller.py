"""The controller: there, paired with our key, and running the program of this release."""

from __future__ import annotations

import tomllib
from pathlib import Path

from edge.config import NONE
from edge.field.checks import FAIL, OK, WARN, Ask, Finding
from edge.wire import slot_manifest

NAME, AT = "controller", 110
TREE = Path(__file__).resolve().parents[3]


def check(ask: Ask) -> list[Finding]:
    """The running agent holds its link; else it is greeted here."""
    assert ask.config is not None
    board = ask.config.board
    if board.driver == NONE:
        return [Finding(NAME, OK, "none: no lamps, no card reader on a cable")]
    if ask.told is not None:
        state = str(ask.told["board"])
        if state == "ok":
            return [Finding(NAME, OK, "the agent has its link")]
        return [Finding(NAME, FAIL, "the agent has lost it", state, f"facepay explain {state}")]
    from edge.drivers.board.serial_port import read_key
    from edge.field.flash.link import greet

    key = read_key(Path(board.options["pair_key"]))
    told = greet(Path(board.options["port"]), key)
    text = f"{told.board}, version {told.version}, build {told.build}, paired with our key, {told.ms} ms"
    shipped = shipped_build(TREE)
    if shipped and told.build != shipped:
        fix = "facepay flash app (a build of mpy-cross or of another maker differs too)"
        return [Finding(NAME, WARN, f"{text}; this release ships {shipped}", "E-BRD-08", fix)]
    return [Finding(NAME, OK, text)]


def shipped_build(tree: Path) -> str:
    """The build that this release's sources make; "" where they are not there."""
    try:
        told = tomllib.loads((tree / "firmware/manifest.toml").read_text(encoding="utf-8"))
        files = {place: (tree / source).read_bytes() for place, source in told["application"].items()}
    except (OSError, ValueError, KeyError):
        return ""
    return slot_manifest.build_of(files)
