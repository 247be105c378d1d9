"""One presentation through the terminal's own path: the same networks, events, checks and rule. A
picture that cannot be read is a shot without a face, as at the terminal: never an accept.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness import LIVE, NET, WITH_LAMPS, weigh
from edge.core.liveness.evidence import PASS, UNKNOWN, Evidence, lit
from edge.core.types import LivenessRules
from edge.drivers.camera.pictures import Reader
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from edge.field.pad import sets
from edge.field.pad.shelf import Seen

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb

ALONE = (NET,)
NO_ODDS = -1e9
LIGHT = WITH_LAMPS.bands[0]
THUMB = (120, 90)


class Rule(Struct, frozen=True):
    """What a terminal would demand. must: empty = WITH_LAMPS where there was light, else ALONE. odds_min:
    None = that of WITH_LAMPS where it is demanded, else nothing. threshold: of the net alone.
    """

    must: tuple[str, ...] = ()
    threshold: float = 0.5
    odds_min: float | None = None


class Outcome(Struct, frozen=True):
    """Of one presentation. faces: shots with a face; passed: checks that passed alone, the net at its own
    threshold.
    """

    item: sets.Item
    accepted: bool
    reasons: tuple[str, ...]
    odds: float
    faces: int
    values: tuple[tuple[str, float], ...]
    passed: frozenset[str]


def look(folder: Path, item: sets.Item, sight: Sight) -> Seen:
    """What the eyes see of it."""
    sight.forget()
    looks, told, read = list[LookSeen](), sets.look_of(folder, item.path), Reader()
    for number, (at_ms, data) in enumerate(sets.shots(folder, item)):
        rgb = _read(read, data, item.path)
        if rgb is None:
            looks.append(LookSeen(number, at_ms, "no_face"))
            continue
        looks.append(seen(sight.look(rgb, lids_too=told is None), rgb, at_ms, number))
    return Seen(item.path, tuple(looks), told)


def _read(read: Reader, data: bytes, name: str) -> Rgb | None:
    """As a camera's, however many in a row are torn."""
    try:
        return read.rgb(data, name)
    except EdgeError:
        return None


def decide(item: sets.Item, found: Seen, rule: Rule) -> Outcome:
    """The terminal's decision about what was seen."""
    lighting = sets.lighting(found.look, item.path)
    evidence = (
        Evidence(found.shots, threshold=rule.threshold)
        if lighting is None
        else lit(found.shots, lighting, rule.threshold)
    )
    lamps = lighting is not None and not rule.must
    must = LIGHT.must if lamps else rule.must or ALONE
    odds_min = rule.odds_min if rule.odds_min is not None else LIGHT.odds_min if lamps else NO_ODDS
    weighed = weigh(evidence, must, odds_min, WITH_LAMPS if lamps else LivenessRules())
    passed = {score.check for score in weighed.scores if score.state == PASS}
    net = next(score for score in weighed.scores if score.check == NET)
    sure = net.state != UNKNOWN and net.value >= rule.threshold
    return Outcome(
        item,
        weighed.outcome == LIVE,
        weighed.reasons,
        weighed.odds,
        sum(shot.problem not in ("no_face", "two_faces") for shot in found.shots),
        tuple((score.check, score.value) for score in weighed.scores),
        frozenset(passed - {NET} | ({NET} if sure else set())),
    )


def of_picture(folder: Path, item: sets.Item) -> bytes:
    """A small picture of a presentation's middle; b"" where its pictures are gone or none."""
    from PIL import Image, UnidentifiedImageError

    place, out = folder / item.path, io.BytesIO()
    pictures = [place] if place.is_file() else sorted(place.glob("*.jpg"))
    if not pictures:
        return b""
    try:
        with Image.open(pictures[len(pictures) // 2]) as picture:
            picture.convert("RGB").resize(THUMB).save(out, "JPEG", quality=70)
    except (UnidentifiedImageError, OSError):
        return b""
    return out.getvalue()
