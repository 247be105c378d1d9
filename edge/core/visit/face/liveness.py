"""Is there a living person, now? A challenge drawn for this visit, followed on the shots, and the
mean of the anti-spoof net over the clip. Pure: `watch` takes the clip so far and one shot.

What a 2-D camera can claim: a held-up print cannot turn or blink, a recording cannot know the
order. A live deepfake fed into the camera is not covered (docs/THREATS).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.types import Dice, LivenessRules, Verdict
from edge.core.visit.face import gestures

USUAL: Final = LivenessRules().gestures  # the kinds, where a policy names none
STEPS_MAX: Final = 6
SHOTS_MIN: Final = 5  # evaluated frontal shots; fewer say nothing about the mean
LOST_MS: Final = 1_000  # a face may drop out of a shot or two while it turns
CROWD_SHOTS_MAX: Final = 2  # shots in a row with a second face
UNSEEN: Final = ("no_face", "camera_trouble")  # nobody was followed over such a shot
UNLIT: Final = ("too_dark", "too_bright")  # without a face in it, nobody was followed over it either
UNMEASURED: Final = (*UNSEEN, "two_faces", "too_small")  # without a pose: neither front nor turned


class Clip(Struct, frozen=True):
    """The challenge and what has been seen of it. Times in ms since boot."""

    steps: tuple[str, ...]
    since_ms: int  # of the current step
    face_ms: int  # a face was last seen
    index: int = 0
    returning: bool = False  # the gesture was seen; the face must come back to the front
    shut: bool = False  # blink: the eyes were shut
    live_sum: float = 0.0
    live_count: int = 0
    crowd: int = 0
    box: tuple[float, float, float, float] | None = None
    rest: gestures.Pose = (0.0, 0.0)  # of the face when it began

    @property
    def step(self) -> str:
        """The gesture that is asked for now; the last one stays while it is finished."""
        return self.steps[min(self.index, len(self.steps) - 1)]

    @property
    def done(self) -> tuple[str, ...]:
        """The gestures that were seen."""
        return self.steps[: self.index]

    @property
    def home(self) -> bool:
        """The dot was reached and goes back to the middle."""
        return self.returning and gestures.is_dot(self.step)


def draw(dice: Dice, count: int, kinds: tuple[str, ...] = USUAL) -> tuple[str, ...]:
    """A challenge for one visit: `count` gestures of these kinds, no two equal in a row."""
    known, steps = gestures.steps_of(kinds), list[str]()
    assert known, kinds
    for _ in range(min(max(count, 1), STEPS_MAX)):
        choices = [name for name in known if not steps or name != steps[-1]] or list(known)
        steps.append(choices[dice.below(len(choices))])
    return tuple(steps)


def begin(steps: tuple[str, ...], look: LookSeen) -> Clip:
    """Start with the shot that showed a good face."""
    at_ms, rest = look.at_mono_ms, (look.yaw_deg, look.pitch_deg)
    return Clip(steps, since_ms=at_ms, face_ms=at_ms, box=look.box, rest=rest)


def watch(clip: Clip, look: LookSeen, threshold: float) -> Clip | Verdict:
    """The clip after one more shot, or the verdict. Shots from before the step (still in the queue)
    are not looked at.
    """
    if look.at_mono_ms < clip.since_ms:
        return clip
    clip, lost = _follow_face(clip, look)
    if lost:
        return fail(clip, lost, threshold)
    if look.problem in UNMEASURED or unseen(look):
        return clip
    if look.live >= 0:
        clip = replace(clip, live_sum=clip.live_sum + look.live, live_count=clip.live_count + 1)
    front = not clip.steps or gestures.back(clip.step, look, clip.rest)
    if clip.index == len(clip.steps):
        return verdict(clip, threshold) if front and clip.live_count >= SHOTS_MIN else clip
    if clip.returning:
        return _next_step(clip, look, threshold) if front else clip
    made = gestures.shown(clip.step, look, clip.rest, shut=clip.shut)
    if made == gestures.WRONG:
        return fail(clip, "wrong_gesture", threshold)
    if made == gestures.SHUT:
        return replace(clip, shut=True)
    return replace(clip, returning=True) if made == gestures.MADE else clip


def _next_step(clip: Clip, look: LookSeen, threshold: float) -> Clip | Verdict:
    ahead = replace(
        clip, index=clip.index + 1, returning=False, shut=False, since_ms=look.at_mono_ms
    )
    finished = ahead.index == len(ahead.steps) and ahead.live_count >= SHOTS_MIN
    return verdict(ahead, threshold) if finished else ahead


def _follow_face(clip: Clip, look: LookSeen) -> tuple[Clip, str]:
    """The same one face all the time: gone too long, a second one, or a jump of the box ends it."""
    if unseen(look):
        lost = look.at_mono_ms - clip.face_ms > LOST_MS
        return clip, "face_lost" if lost else ""
    if look.problem == "two_faces":
        crowd = clip.crowd + 1
        return replace(clip, crowd=crowd), "face_changed" if crowd > CROWD_SHOTS_MAX else ""
    jumped = clip.box is not None and not overlap(clip.box, look.box)
    seen = replace(clip, face_ms=look.at_mono_ms, crowd=0, box=look.box)
    return seen, "face_changed" if jumped else ""


def unseen(look: LookSeen) -> bool:
    """Nobody is in the shot, or nobody can be made out."""
    return look.problem in UNSEEN or (look.problem in UNLIT and not look.box[2])


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    """Whether two boxes (x y w h) share any area; an empty box is unknown and says nothing."""
    if not (one[2] and one[3] and other[2] and other[3]):
        return True
    across = one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
    down = one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
    return across and down


def verdict(clip: Clip, threshold: float) -> Verdict:
    """All gestures were made: now the net decides over the whole clip."""
    assert clip.live_count >= SHOTS_MIN, clip.live_count
    score = clip.live_sum / clip.live_count
    live = score >= threshold
    reasons = () if live else ("spoof_score",)
    return Verdict(live, round(score, 4), clip.live_count, clip.steps, reasons, (), threshold)


def fail(clip: Clip, reason: str, threshold: float) -> Verdict:
    """Not live, for `reason`: wrong_gesture, step_timeout, face_lost, face_changed."""
    score = clip.live_sum / clip.live_count if clip.live_count else 0.0
    return Verdict(False, round(score, 4), clip.live_count, clip.steps, (reason,), (), threshold)
