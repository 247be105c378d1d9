"""What a patient may be asked to do before the camera, and what a shot shows of it. Pure.

A policy names kinds, a visit draws from their steps. Turning and blinking are measured against the
camera; following the dot against how this face looked when it began, because a pitch is right only
to some ten degrees from face to face while its change is right to two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from edge.core.events import LookSeen

TURN, BLINK, DOT = "turn", "blink", "dot"
KINDS: Final[dict[str, tuple[str, ...]]] = {
    TURN: ("turn_left", "turn_right"),
    BLINK: ("blink",),
    DOT: ("dot_left", "dot_right", "dot_up", "dot_down"),
}
STEPS: Final = tuple(step for steps in KINDS.values() for step in steps)
TURN_DEG: Final = 20.0  # from here on a head is turned
FRONT_DEG: Final = 12.0  # within this it looks at us again
EYE_SHUT: Final = 0.35
EYE_OPEN: Final = 0.6
# A face that follows the dot moves so far from where it rested (a head turned by 14 to 18 degrees, measured).
# A sheet leaned by 45 degrees about one axis does not (tests/vision/test_dot.py); leaned by 35 to 50 about
# both at once it was measured to move by up to some 12 of yaw and 16 of pitch. So the dot is easier than a turn for
# stiff necks and weaker against paper: a policy has to ask for it, and the net or the lamps judge beside it.
DOT_YAW_DEG: Final = 9.0
DOT_PITCH_DEG: Final = 8.0
DOT_HOME: Final = 0.6  # of that: near enough to the middle again
MADE, WRONG, SHUT = "made", "wrong", "shut"  # SHUT: half a blink
FOLLOWED: Final = (None, "turned")  # problems of shots whose pose is to be trusted
Pose = tuple[float, float]  # yaw, pitch, degrees


def steps_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """The steps that may be drawn of these kinds, in the order of the list."""
    named = frozenset(kinds)
    return tuple(step for kind, steps in KINDS.items() if kind in named for step in steps)


def is_dot(step: str) -> bool:
    """Whether a dot is shown for it, which goes home once it was reached."""
    return step in KINDS[DOT]


def shown(step: str, look: LookSeen, rest: Pose, *, shut: bool) -> str:
    """MADE, WRONG, SHUT or "" for the step that is asked for."""
    if is_dot(step):
        reached = _dot(look, rest)
        return "" if not reached else MADE if reached == step else WRONG
    turned = _turned(look)
    if turned:
        return MADE if turned == step else WRONG
    if step == "blink" and abs(look.yaw_deg) <= FRONT_DEG:
        if look.eye_open <= EYE_SHUT:
            return SHUT
        if shut and look.eye_open >= EYE_OPEN:
            return MADE
    return ""


def back(step: str, look: LookSeen, rest: Pose) -> bool:
    """The face looks at us again."""
    front = abs(look.yaw_deg) <= FRONT_DEG and look.eye_open >= EYE_OPEN
    return front and (not is_dot(step) or all(abs(one) <= DOT_HOME for one in _moved(look, rest)))


def _turned(look: LookSeen) -> str:
    if look.yaw_deg >= TURN_DEG:
        return "turn_left"
    return "turn_right" if look.yaw_deg <= -TURN_DEG else ""


def _moved(look: LookSeen, rest: Pose) -> Pose:
    """How far from rest, in parts of what is asked for; to the patient's left, and up."""
    return (look.yaw_deg - rest[0]) / DOT_YAW_DEG, (look.pitch_deg - rest[1]) / DOT_PITCH_DEG


def _dot(look: LookSeen, rest: Pose) -> str:
    """Where the face points, by the way it moved most; "" while it is near its rest."""
    left, up = _moved(look, rest)
    reached = abs(left) >= 1 or abs(up) >= 1
    if look.problem not in FOLLOWED or not reached or not math.isfinite(left + up):
        return ""
    if abs(left) >= abs(up):
        return "dot_left" if left > 0 else "dot_right"
    return "dot_up" if up > 0 else "dot_down"
