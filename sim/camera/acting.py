"""What people do in front of the terminal, as functions of time. Seconds in, `Gesture` out."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from sim.camera.head import Gesture

FPS = 15
Motion = Callable[[float], Gesture]


class Habits(Struct, frozen=True):
    """How one person holds still and how far they turn: degrees on top of the photographed pose."""

    rest_yaw_deg: float
    left_deg: float
    right_deg: float
    phase: float


def _sway(t: float, phase: float) -> tuple[float, float, float, tuple[float, float]]:
    """Nobody stands like a picture: breath, balance, small nods."""
    yaw = 1.4 * math.sin(0.9 * t + phase) + 0.7 * math.sin(2.3 * t + 2 * phase)
    pitch = 1.0 * math.sin(1.3 * t + 3 * phase)
    roll = 0.6 * math.sin(0.7 * t + 5 * phase)
    shift = (2.6 * math.sin(0.8 * t + phase), 1.4 * math.sin(1.6 * t + 4 * phase))
    return yaw, pitch, roll, shift


def _ease(t: float) -> float:
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def front(habits: Habits) -> Motion:
    """Look into the camera."""

    def motion(t: float) -> Gesture:
        yaw, pitch, roll, shift = _sway(t, habits.phase)
        return Gesture(habits.rest_yaw_deg + yaw, pitch, roll, shift)

    return motion


def turn(habits: Habits, degrees: float) -> Motion:
    """Front, turn in 0.8 s, hold 0.7 s, come back."""

    def motion(t: float) -> Gesture:
        yaw, pitch, roll, shift = _sway(t, habits.phase)
        share = _ease((t - 0.3) / 0.8) - _ease((t - 1.8) / 0.7)
        rest = habits.rest_yaw_deg + yaw * (1 - share)
        return Gesture(rest + share * (degrees - habits.rest_yaw_deg), pitch, roll, shift)

    return motion


def blink(habits: Habits) -> Motion:
    """Two deliberate blinks: shut within 0.1 s, 0.25 s closed, open again."""

    def motion(t: float) -> Gesture:
        yaw, pitch, roll, shift = _sway(t, habits.phase)
        shut = max(_lid(t - 0.6), _lid(t - 1.7))
        return Gesture(habits.rest_yaw_deg + yaw, pitch, roll, shift, shut)

    return motion


def _lid(t: float) -> float:
    if t < 0 or t > 0.5:
        return 0.0
    return min(1.0, t / 0.1, max(0.0, (0.5 - t) / 0.15))


LENGTH_S = {"front": 2.4, "turn_left": 2.6, "turn_right": 2.6, "blink": 2.4}
ORDER = ("front", "turn_left", "blink", "turn_right")  # of a session somebody filmed for a replay


def motions(habits: Habits) -> dict[str, Motion]:
    """The clips of one person."""
    return {
        "front": front(habits),
        "turn_left": turn(habits, habits.left_deg),
        "turn_right": turn(habits, habits.right_deg),
        "blink": blink(habits),
    }
