"""Flash a program onto the board, through the code of `facepay flash app`."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from msgspec import Meta, Struct

from edge.field.flash import app, files
from edge.field.flash.look import Place
from edge.field.flash.show import Outcome, Tell
from sim.scenes import flasher
from sim.scenes.form import Patch
from sim.scenes.seen import Unmet
from sim.scenes.stage import Stage

REALTIME = True
Version = Annotated[str, Meta(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$")]
Code = Annotated[str, Meta(pattern=r"^(E-FLS-[0-9]{2})?$")]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """This tree's program as `version`, with faults (`patch`) in it. `refused`: the code it must end
    with. `signed_by` "other": the engineer trusts another maker. `key` "other": of another board.
    `way_back`: signed for boards that are newer; `allow_downgrade`: the engineer's option.
    `untouched`: not one write to the flash."""

    version: Version = "9.9.9"
    patch: Annotated[list[Patch], Meta(max_length=8)] = []
    signed_by: Literal["maker", "other"] = "maker"
    key: Literal["own", "other"] = "own"
    way_back: bool = False
    allow_downgrade: bool = False
    refused: Code = ""
    untouched: bool = False


def play(step: Step, stage: Stage) -> None:
    made = flasher.made(
        flasher.maker(stage.seed), step.version, step.patch, way_back=step.way_back
    )
    trusted = flasher.maker(stage.seed, "" if step.signed_by == "maker" else "other").public_key()
    key = stage.board.key if step.key == "own" else hashlib.sha256(stage.board.key).digest()
    wish = app.Wish(key, step.allow_downgrade)

    def work(place: Place, tell: Tell) -> Outcome:
        return app.flash(place, files.trusted(made, trusted), wish, tell)

    before = stage.board.state()["writes"] if step.untouched else 0
    flasher.flashed(stage, work, step.refused)
    if step.untouched and (wrote := stage.board.state()["writes"] - before):
        raise Unmet("no write to the flash", f"{wrote}")
