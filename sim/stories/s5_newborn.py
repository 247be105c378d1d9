"""The fifth of the nine: F31, and F30 beside it."""

from __future__ import annotations

from sim.stories import f30_waiting, f31_newborn
from sim.stories.tell import Tell

TITLE = (
    "新生儿：90天内参保从出生起享受，过期和断保要等待",
    "Newborn: covered from birth within 90 days; who is late, or lapsed, waits",
)
LACKS = "F28 and F29: the premium is taken as paid at the town's window"


def play(tell: Tell) -> None:
    """Two children, and the mother who had let her own insurance lapse."""
    f31_newborn.play(tell)
    f30_waiting.told(tell, main=False)
