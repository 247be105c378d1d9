"""Is that a living person, now? Checks, each a file in `checks/`, and one rule that weighs them.

The rule: every check that the policy demands for this amount must pass, and none that always counts
(ALWAYS) may fail; then the fused odds must reach the policy's. Fused odds = the sum of what each
check's value says (`fitted`: a logistic curve per check, fitted on a labelled set), each limited to
`ODDS_MAX`, in natural logarithms: a naive Bayes. A check that could not measure adds nothing and
passes nothing; one that failed never speaks in favour.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.core.liveness.checks import checks
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence, Finding
from edge.core.liveness.fitted import FITTED
from edge.core.types import Caps, LivenessBand, LivenessRules, Policy

LIVE: Final = "live"
NOT_LIVE: Final = "not_live"
UNSURE: Final = "unsure"  # nothing speaks against it, but a demanded check could not measure
LIGHT: Final = "light"
GESTURE: Final = "gesture"
NET: Final = "passive"
SPOOF_ODDS: Final = "spoof_score"
FEW: Final = "shots_few"  # of the face: nothing was wrong, it was not seen for long enough
ODDS_MAX: Final = 4.0  # no check alone moves the fused odds further than e^4


# What a policy demands of terminals with lamps of their own (LIVENESS.md has the figures, simulated). The net refuses
# only what it is certain of, and weighs in the odds: prints and screens fail by their light, and it errs on people.
#
# Net and gestures instead of the light stop a photograph and a film, and let most cut-outs and masks pass: who holds
# one up need only wish for no flashing. So that way is open for no more than what these policies let the fund stand for
# on one bill when nobody at the centre looks (`fund_part_max_fen`): a loss that was accepted before. Above it a code or
# a card, which need no light of anybody, and with which nobody whom flashing does not suit is worse served.
UNLIT_MAX_FEN: Final = Caps().fund_part_max_fen
# Net and form alone with the least they may have (0.02, 0.45) make -4.3, all five fitted checks so -7.1: the odds refuse
# where a third one is weak too, a face that hardly follows or the second net.
ODDS_LIT: Final = -4.5
# Light is measured of faces that are not measured themselves (off the middle, too close): so that nobody answers it
# for somebody else whose picture comes last, the same face must have been there all the time.
_LIT: Final = LivenessBand(0, ("passive", "follows", "delay", "gain", "form", "stream", "same"), ODDS_LIT)
WITH_LAMPS: Final = LivenessRules(
    bands=(_LIT, replace(_LIT, from_fen=UNLIT_MAX_FEN + 1, instead=())),
    instead=("passive", "gesture", "same"),
    limits={"passive": 0.02},
)


class Score(Struct, frozen=True):
    """One check's line in the record."""

    check: str
    value: float
    limit: float
    state: str
    demanded: bool


class Weighed(Struct, frozen=True):
    """The outcome with all that it was made of. reasons: most telling first."""

    outcome: str
    odds: float
    scores: tuple[Score, ...]
    reasons: tuple[str, ...] = ()


def band(rules: LivenessRules, amount_fen: int) -> LivenessBand:
    """What is demanded for this amount: the band that begins highest at or below it."""
    fitting = [one for one in rules.bands if one.from_fen <= amount_fen]
    return max(fitting, key=lambda one: one.from_fen) if fitting else LivenessBand()


def for_amount(rules: LivenessRules, amount_fen: int) -> LivenessRules:
    """The rules as they are for this amount: its band, with that band's own `instead` and limits."""
    one = band(rules, amount_fen)
    instead = rules.instead if one.instead is None else one.instead
    return replace(rules, bands=(one,), instead=instead, limits=rules.limits | one.limits)


def plays(must: tuple[str, ...]) -> frozenset[str]:
    """What has to be played for these checks: LIGHT, GESTURE."""
    return frozenset(known.NEEDS for name in must if (known := checks().get(name)) and known.NEEDS)


def weigh(seen: Evidence, must: tuple[str, ...], odds_min: float, rules: LivenessRules) -> Weighed:
    """The decision. Checks that were not demanded are measured too, and their odds count."""
    scores, odds, failed, unknown = [], 0.0, list[str](), list[str]()
    for name, check in checks().items():
        limit = rules.limits.get(name, check.LIMIT)
        found = check.judge(seen, limit)
        odds += says(name, found)
        scores.append(Score(name, round(found.value, 4), limit, found.state, name in must))
        if found.state == FAIL and (name in must or always(name)):
            failed.append(found.reason)
        elif name in must and found.state != PASS:
            unknown.append(found.reason or ("light_unseen" if check.NEEDS == LIGHT else FEW))
    unknown += ["eye_missing" for name in must if name not in checks()]
    outcome, reasons = LIVE, list[str]()
    if failed:
        outcome, reasons = NOT_LIVE, failed
    elif unknown:
        outcome, reasons = UNSURE, unknown
    elif odds < odds_min:
        outcome, reasons = NOT_LIVE, [SPOOF_ODDS]
    told = tuple(dict.fromkeys(reasons))
    return Weighed(outcome, round(odds, 3), tuple(scores), told)


def in_doubt(weighed: Weighed, rules: LivenessRules) -> bool:
    """Whether a look under the lamps failed by so little that twice the lights may tell: each check that
    failed and counts had at least the value that the rules name for it, or its file (DOUBT).
    """
    unknown = any(one.demanded and one.state == UNKNOWN for one in weighed.scores)
    if weighed.outcome != NOT_LIVE or unknown:
        return False
    failed = (one for one in weighed.scores if one.state == FAIL and (one.demanded or always(one.check)))
    return all(one.value >= rules.doubts.get(one.check, _doubt(one.check)) for one in failed)


def spoofs() -> frozenset[str]:
    """The reasons that say of a look that it was of a picture: the odds', and those that checks name (SPOOF)."""
    return frozenset({SPOOF_ODDS, *(getattr(check, "SPOOF", SPOOF_ODDS) for check in checks().values())})


def always(name: str) -> bool:
    """Whether this check's failure counts whether or not a policy demands it."""
    return getattr(checks()[name], "ALWAYS", False)


def _doubt(name: str) -> float:
    return getattr(checks()[name], "DOUBT", math.inf)


def net_limit(policy: Policy, amount_fen: int, *, lamps_alone: bool) -> float:
    """What the net must say: where lamps and no gestures decided, the rules may name a limit of its own."""
    named = for_amount(policy.liveness, amount_fen).limits.get(NET, 0.0) if lamps_alone else 0.0
    return named or policy.liveness_threshold


def says(name: str, found: Finding) -> float:
    """What a check's value adds to the log odds of a living person."""
    if found.state == UNKNOWN or name not in FITTED:
        return 0.0
    offset, slope = FITTED[name]
    odds = max(-ODDS_MAX, min(ODDS_MAX, offset + slope * found.value))
    return min(odds, 0.0) if found.state == FAIL else odds
