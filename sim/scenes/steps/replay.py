"""A man on the cable plays the whole conversation again, in both directions."""

from __future__ import annotations

from msgspec import Struct

from edge.core.link_words import Arrived
from sim.scenes.stage import Stage


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """No keys."""


def play(_: Step, stage: Stage) -> None:
    host = stage.linked()
    stage.fault("replay of everything said")
    for one in list(host.said):
        host.raw(one)
        stage.turn(1)
    for one in list(host.got):
        host.step(Arrived(one))
