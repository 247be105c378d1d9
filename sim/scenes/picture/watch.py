"""What the board itself kept of a run (its ring, its buzzer, its starts) as moments beside those of
the runner."""

from __future__ import annotations

from sim.scenes.boards import Simulated
from sim.scenes.seen import Moment
from sim.scenes.stage import Stage, name


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
