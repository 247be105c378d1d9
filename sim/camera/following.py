"""A head that follows the dot of the screen: out to each place and home again. Beside `acting`, whose
clips the demo keeps: whoever asks for dots asks for them by a policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.camera import acting
from sim.camera.head import Gesture

DOT_S: Final = 2.6  # out in 0.9 s, held for 0.6, home in 0.7
AIMS: Final = {"dot_left": (1.0, 0.0), "dot_right": (-1.0, 0.0), "dot_up": (0.0, 1.0), "dot_down": (0.0, -1.0)}


def follow(
    habits: acting.Habits, steps: Sequence[str], yaw_deg: float = 22.0, pitch_deg: float = 16.0
) -> acting.Motion:
    """From the front to each dot and back. yaw_deg, pitch_deg: how far this neck goes."""
    front = acting.front(habits)

    def motion(t: float) -> Gesture:
        at = front(t)
        number, since = divmod(t, DOT_S)
        if number >= len(steps):
            return at
        left, up = AIMS[steps[int(number)]]
        share = _ease((since - 0.3) / 0.9) - _ease((since - 1.8) / 0.7)
        return Gesture(
            at.yaw_deg + share * left * yaw_deg, at.pitch_deg + share * up * pitch_deg,
            at.roll_deg, at.shift,
        )  # fmt: skip

    return motion


def _ease(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)
