"""The other slot holds a new program on trial, as a flasher leaves it; then the power comes. In
virtual time, where no flasher can take part."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from firmware import slots
from sim.board.chip.flash_image import firmware_files, slot_files
from sim.scenes import flasher
from sim.scenes.form import Patch
from sim.scenes.stage import Stage
from sim.scenes.steps.upgrade import Version

TRIAL_SLOT = 1
LATEST = 1 << 20  # the number of its state file: newer than any that a scenario makes


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """This tree's program as `version`, with faults (`patch`) in it."""

    version: Version = "9.9.9"
    patch: Annotated[list[Patch], Meta(max_length=8)] = []


def play(step: Step, stage: Stage) -> None:
    made = flasher.made(flasher.maker(stage.seed), step.version, step.patch)
    folder = slots.SLOTS[TRIAL_SLOT]
    _fixed, _program, proved = firmware_files()
    floor = tuple(int(part) for part in proved.split("."))
    digest = slots.Manifest(made.raw).checked
    state = slots.State(slots.TRIAL, TRIAL_SLOT, 0, slots.NONE, floor, digest)
    stage.fault(f"{step.version} on trial")
    stage.lay({
        **slot_files(folder, made.files, step.version, stage.board.key),
        "/slot0": slots.pack(state, LATEST),
    })  # fmt: skip
