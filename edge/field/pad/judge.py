"""One presentation through the terminal's own path: the same networks, events, checks and rule. A
picture that cannot be read is a shot without a face, as at the terminal: never an accept.
"""

from __future__ import annotations

import io
from pathlib import Path

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness import LIVE, weigh
from edge.core.liveness.evidence import PASS, Evidence, lit
from edge.core.types import LivenessRules
from edge.drivers.camera.pictures import rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from edge.field.pad import sets

ALONE = ("passive",)
LIGHT = ("passive", "follows", "delay", "gain", "form", "stream")
THUMB = (120, 90)


class Rule(Struct, frozen=True):
    """What a terminal would demand. must: empty = LIGHT where there was light, else ALONE."""

    must: tuple[str, ...] = ()
    threshold: float = 0.5
    rules: LivenessRules = LivenessRules()


class Outcome(Struct, frozen=True):
    """Of one presentation. faces: shots with a face; passed: checks that passed alone."""

    item: sets.Item
    accepted: bool
    reasons: tuple[str, ...]
    odds: float
    faces: int
    values: tuple[tuple[str, float], ...]
    passed: frozenset[str]
    thumb: bytes = b""


def judge(folder: Path, item: sets.Item, sight: Sight, rule: Rule, *, picture: bool) -> Outcome:
    """The decision; with a small picture of its middle where wished."""
    sight.forget()
    looks, middle = list[LookSeen](), b""
    for number, (at_ms, data) in enumerate(sets.shots(folder, item)):
        try:
            rgb = rgb_of(data, item.path)
        except EdgeError:
            looks.append(LookSeen(number, at_ms, "no_face"))
            continue
        looks.append(seen(sight.look(rgb), rgb, at_ms, number))
        middle = data if picture and (not middle or number % 16 == 12) else middle  # noqa: PLR2004
    lighting = sets.lighting(folder, item)
    shots = tuple(looks)
    evidence = (
        Evidence(shots, threshold=rule.threshold)
        if lighting is None
        else lit(shots, lighting, rule.threshold)
    )
    must = rule.must or (ALONE if lighting is None else LIGHT)
    weighed = weigh(evidence, must, -1e9, rule.rules)
    return Outcome(
        item,
        weighed.outcome == LIVE,
        weighed.reasons,
        weighed.odds,
        sum(look.problem not in ("no_face", "two_faces") for look in looks),
        tuple((score.check, score.value) for score in weighed.scores),
        frozenset(score.check for score in weighed.scores if score.state == PASS),
        _thumb(middle) if middle else b"",
    )


def _thumb(data: bytes) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").resize(THUMB).save(out, "JPEG", quality=70)
    return out.getvalue()
