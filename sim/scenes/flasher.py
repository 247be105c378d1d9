"""Releases of a scenario, and the flasher's own code (`edge.field.flash.app`) at work on its board."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from edge.errors import EdgeError
from edge.field.flash import files
from edge.field.flash.look import Place
from edge.field.flash.show import Outcome, Tell
from edge.wire import release, slot_manifest
from edge.wire.release import Release
from sim.board.chip.flash_image import FIRST_SLOT
from sim.scenes.boards import patched
from sim.scenes.form import Patch
from sim.scenes.seen import Moment, Unmet
from sim.scenes.stage import Stage


def maker(seed: int, name: str = "") -> Ed25519PrivateKey:
    """A maker of this run: releases repeat to the byte."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"maker/{name}/{seed}".encode()).digest())


def made(
    signer: Ed25519PrivateKey, version: str, patches: list[Patch], *, way_back: bool = False
) -> Release:
    """This tree's program under another version, with faults put in. `way_back`: signed as one that
    an older version may replace."""
    held = f"{FIRST_SLOT.strip('/')}/"
    changed = {
        place.removeprefix(held): text.encode()
        for place, text in patched(patches).items()
        if place.startswith(held)
    }
    ours = files.build(files.TREE, signer)
    program = {**ours.files, **changed}
    raw = slot_manifest.make(version, program, downgrade=way_back)
    return replace(
        ours, raw=raw, sig=release.sign(raw, signer), files=program, manifest=release.parse(raw)
    )


class _Told:
    """The flasher's stages, on record."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._last = ""

    def stage(self, text: str) -> None:
        word, self._last = self._last, text.partition(" ")[0]
        tone = "quiet" if word == self._last else ""  # "writing 7/24" behind "writing 6/24"
        self._stage.record.add(Moment(self._stage.clock.now_us(), "flasher", text, tone))

    def end(self, text: str, tone: str) -> None:
        """The last word."""
        self._stage.record.add(Moment(self._stage.clock.now_us(), "flasher", text, tone))

    def more(self, done: int, total: int) -> None:
        """Bytes are not on record."""


def flashed(stage: Stage, work: Callable[[Place, Tell], Outcome], refused: str) -> None:
    """Do it as the command does. Unmet unless it is done, or, with `refused`, ends with that code.
    The terminal is silent from here on: the port is the flasher's."""
    stage.hush()
    told = _Told(stage)
    try:
        done = work(stage.board.place(), told)
    except EdgeError as error:
        told.end(f"{error.code} {error.message}", "warn" if error.code == refused else "bad")
        if error.code != refused:
            raise Unmet(f"refused with {refused}" if refused else "it done", str(error)) from error
    else:
        told.end(done.message, "bad" if refused else "good")
        if refused:
            raise Unmet(f"refused with {refused}", f"done: {done.message}")
