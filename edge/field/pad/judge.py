"""One presentation through the terminal's own path: the same networks, events, checks and rule. A
picture that cannot be read is a shot without a face, as at the terminal: never an accept.

No terminal decides by a single shot or a flash pair. They are looked at as it looks (gates and nets),
then the net's own value decides, and of a pair what the flash adds too.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from edge.core.events import LookSeen
from edge.core.liveness import LIVE, NET, WITH_LAMPS, Weighed, in_doubt, weigh
from edge.core.liveness.checks import gain, passive, second
from edge.core.liveness.evidence import PASS, UNKNOWN, Evidence, lit
from edge.core.liveness.response import Lighting
from edge.core.types import LivenessRules
from edge.drivers.camera import Shot
from edge.drivers.camera.pictures import Reader, rgb_of
from edge.drivers.vision.eyes import seen
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from edge.field.pad import flash, raws, sets
from edge.field.pad.shelf import Seen

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb

ALONE = (NET,)
NO_ODDS = -1e9
LIGHT = WITH_LAMPS.bands[0]
THUMB = (120, 90)
# kinds of presentations: each is judged in another way, so each has its own table
CLIP: Final = "clip"
SINGLE: Final = "single_shot"
PAIR: Final = "flash_pair"
KINDS: Final = (CLIP, SINGLE, PAIR)
UNANSWERED: Final = {SINGLE: "no_face", PAIR: "light_unseen"}  # where no shot says why


class Rule(Struct, frozen=True):
    """What a terminal would demand. must: empty = WITH_LAMPS where there was light, else ALONE. odds_min:
    None = that of WITH_LAMPS where it is demanded, else nothing. threshold: of the net alone.
    """

    must: tuple[str, ...] = ()
    threshold: float = 0.5
    odds_min: float | None = None


class Outcome(Struct, frozen=True):
    """Of one presentation. faces: shots with a face; passed: checks that passed alone, the net at its own
    threshold. answered: a single shot or a pair was good enough to be judged. scores: what has no limit.
    """

    item: sets.Item
    accepted: bool
    reasons: tuple[str, ...]
    odds: float
    faces: int
    values: tuple[tuple[str, float], ...]
    passed: frozenset[str]
    kind: str = CLIP
    answered: bool = True
    scores: tuple[tuple[str, float], ...] = ()


def look(folder: Path, item: sets.Item, sight: Sight) -> Seen:
    """What the eyes see of it."""
    sight.forget()
    told, pair = sets.look_of(folder, item.path), sets.pair_of(folder, item.path) is not None
    looks, read = list[LookSeen](), Reader()
    for number, raw in enumerate(raws.raws(folder, item.path)):
        rgb = _read(read, raw.data, item.path)
        if rgb is None:
            looks.append(LookSeen(number, raw.at_ms, "no_face"))
            continue
        shot = Shot(rgb, raw.at_ms, number, raw.ir, raw.depth)
        found = sight.depths(sight.look(rgb, lids_too=told is None and not pair), shot)
        looks.append(seen(found, rgb, raw.at_ms, number))
    return Seen(item.path, tuple(looks), told, pair)


def _read(read: Reader, data: bytes, name: str) -> Rgb | None:
    """As a camera's, however many in a row are torn."""
    try:
        return read.rgb(data, name)
    except EdgeError:
        return None


def kind_of(found: Seen) -> str:
    """What it is to be judged as. Too few shots for the net's check are single shots."""
    if found.pair:
        return PAIR
    return SINGLE if found.look is None and len(found.shots) < passive.SHOTS_MIN else CLIP


def decide(item: sets.Item, found: Seen, rule: Rule) -> Outcome:
    """The terminal's decision about what was seen; of single shots and pairs, the net's own."""
    kind = kind_of(found)
    return _visit(item, found, rule) if kind == CLIP else _few(item, found, rule, kind)


def _few(item: sets.Item, found: Seen, rule: Rule, kind: str) -> Outcome:
    """By the net's mean over the good shots; a terminal would begin with no other."""
    good = [shot for shot in found.shots if shot.problem is None and shot.live >= 0]
    added = flash.measure(*found.shots) if kind == PAIR and len(good) == len(found.shots) else None
    answered = added is not None if kind == PAIR else bool(good)
    live, live2 = (_mean(one) if answered else 0.0 for one in ((s.live for s in good), (s.live2 for s in good)))
    told = [(NET, live, rule.threshold, "spoof_score")]
    if any(shot.live2 >= 0 for shot in good):
        told.append(("second", live2, second.LIMIT, "spoof_score"))
    if kind == PAIR:
        told.append(("gain", added.gain if added else 0.0, gain.LIMIT, "light_weak"))
    short = [reason for name, value, limit, reason in told if name != "second" and value < limit]
    why = next((shot.problem for shot in found.shots if shot.problem), UNANSWERED[kind])
    return Outcome(
        item,
        answered and not short,
        tuple(short) if answered else (why,),
        0.0,
        _faces(found),
        tuple((name, value) for name, value, _, _ in told),
        frozenset(name for name, value, limit, _ in told if answered and value >= limit),
        kind,
        answered,
        (("unevenness", added.uneven if added else 0.0),) if kind == PAIR else (),
    )


def _mean(told: Iterable[float]) -> float:
    values = list(told)
    return sum(values) / len(values)


def _faces(found: Seen) -> int:
    return sum(shot.problem not in ("no_face", "two_faces") for shot in found.shots)


def doubtful(item: sets.Item, found: Seen, rule: Rule) -> bool:
    """Whether a terminal would have gone on with other lights after the first ones."""
    lighting = sets.lighting(found.look, item.path)
    return lighting is not None and in_doubt(_first(found.shots, lighting, rule), _demanded(rule, lamps=True)[2])


def _weighed(item: sets.Item, found: Seen, rule: Rule) -> Weighed:
    """As the terminal does: after the first lights, and where those left a doubt after all that were played."""
    lighting = sets.lighting(found.look, item.path)
    if lighting is None:
        return weigh(Evidence(found.shots, threshold=rule.threshold), *_demanded(rule, lamps=False))
    first, demanded = _first(found.shots, lighting, rule), _demanded(rule, lamps=True)
    if lighting == lighting.first or not in_doubt(first, demanded[2]):
        return first
    return weigh(lit(found.shots, lighting, rule.threshold), *demanded)


def _first(shots: tuple[LookSeen, ...], lighting: Lighting, rule: Rule) -> Weighed:
    """After the first lights; of a look that went on, from the shots until the others began."""
    if lighting != lighting.first:
        others_ms = lighting.lit_ms[len(lighting.first.lit_ms) + 1]
        shots = tuple(shot for shot in shots if shot.at_mono_ms < others_ms)
    return weigh(lit(shots, lighting.first, rule.threshold), *_demanded(rule, lamps=True))


def _demanded(rule: Rule, *, lamps: bool) -> tuple[tuple[str, ...], float, LivenessRules]:
    lamps = lamps and not rule.must
    must = LIGHT.must if lamps else rule.must or ALONE
    odds_min = rule.odds_min if rule.odds_min is not None else LIGHT.odds_min if lamps else NO_ODDS
    return must, odds_min, WITH_LAMPS if lamps else LivenessRules()


def _visit(item: sets.Item, found: Seen, rule: Rule) -> Outcome:
    weighed = _weighed(item, found, rule)
    passed = {score.check for score in weighed.scores if score.state == PASS}
    net = next(score for score in weighed.scores if score.check == NET)
    sure = net.state != UNKNOWN and net.value >= rule.threshold
    return Outcome(
        item,
        weighed.outcome == LIVE,
        weighed.reasons,
        weighed.odds,
        _faces(found),
        tuple((score.check, score.value) for score in weighed.scores),
        frozenset(passed - {NET} | ({NET} if sure else set())),
    )


def of_picture(folder: Path, item: sets.Item) -> bytes:
    """A small picture of a presentation's middle; b"" where its pictures are gone or none."""
    from PIL import Image

    out = io.BytesIO()
    try:
        clip = raws.clip_of(folder, item.path)
        picture = Image.fromarray(rgb_of(clip.picture(min(len(clip), raws.SHOTS_MAX) // 2)))
    except (EdgeError, OSError):
        return b""
    picture.resize(THUMB).save(out, "JPEG", quality=70)
    return out.getvalue()
