"""The controlled light of a visit: what the policy demands of this amount here, the sequence that is
drawn for it, what the shots answered, and the verdict's part in the record. The states are in
`identify` and `machine`.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

from msgspec.structs import replace

from edge.core import liveness
from edge.core.effects import Flash
from edge.core.events import Lit, LookSeen
from edge.core.liveness import sequence
from edge.core.liveness.checks import same
from edge.core.liveness.evidence import Evidence, lit
from edge.core.liveness.response import Lighting
from edge.core.types import LightProof, LivenessRules, Now, Verdict
from edge.core.visit.case import Case

SHOTS_MAX: Final = 1_024  # of one try, lights and gestures: half a minute at 30 a second
MARGIN_MS: Final = 2_500  # after the last light: the report on the cable, shots still looked at
REPORT_MS: Final = 2.0  # the report takes so long over the cable, at 460,800 baud
EARLY_MS: Final = 20.0  # clocks of two machines: no report is earlier than its own order by more
NUMBERS: Final = 1 << 16
PER_MILLE: Final = 1_000
MILLE_MAX: Final = 30_000
SAME: Final = "same"
NEEDED: Final = "light_needed"


def amount_fen(case: Case, said: LivenessRules) -> int:
    """What the look is for. A HIS that settles by itself does not say it: the most that is thought of."""
    if case.errand is None:
        return case.bill.amount_fen
    return max((one.from_fen for one in said.bands), default=0)


def rules(case: Case) -> LivenessRules:
    """Of the policy that faces are judged by, for this amount."""
    said = case.site.looked_by().liveness
    return liveness.for_amount(said, amount_fen(case, said))


def demanded(case: Case) -> tuple[str, ...]:
    """The checks that this look must pass; empty = a face cannot do here what is demanded."""
    said = rules(case)
    must = said.bands[0].must
    if liveness.LIGHT in liveness.plays(must) and (case.no_light or not case.site.lamps):
        return said.instead
    return must


def wanted(case: Case) -> bool:
    """Whether this look is taken under the lamps."""
    return liveness.LIGHT in liveness.plays(demanded(case))


def begin(case: Case, now: Now) -> Flash:
    """Draw the lights of this try."""
    drawn = sequence.draw(
        case.site.dice.bytes(sequence.NONCE_BYTES), case.site.settings.terminal
    )
    case.drawn, case.lighting, case.doubt, case.shots = drawn, None, None, []
    return _order(case, drawn.steps, now)


def judged(case: Case) -> liveness.Weighed:
    """What the checks say after the lights. A doubt stays one where its other lights cannot be judged: nobody
    told of them, or the face was not there to be measured.
    """
    if case.doubt is None:
        return weigh(case)
    weighed = weigh(case) if _complete(case) else case.doubt
    return case.doubt if weighed.outcome == liveness.UNSURE else weighed


def in_doubt(case: Case, weighed: liveness.Weighed) -> bool:
    """Whether other lights are to follow: once in a try, where all of the first were seen."""
    shown = _complete(case)
    return shown is not None and shown == shown.first and liveness.in_doubt(weighed, rules(case))


def go_on(case: Case, weighed: liveness.Weighed, now: Now) -> Flash:
    """As many other lights after the first ones, which count as well."""
    assert case.drawn is not None, "there were first lights"
    case.doubt = weighed
    first = len(case.drawn.steps)
    case.drawn = sequence.longer(case.drawn, case.site.settings.terminal)
    return _order(case, case.drawn.steps[first + 1 :], now)


def _order(case: Case, steps: tuple[str, ...], now: Now) -> Flash:
    assert case.drawn is not None, "lights are drawn before they are ordered"
    case.flash_number, case.flashed_ms = case.site.dice.below(NUMBERS), now.mono_ms
    return Flash(case.flash_number, case.drawn.step_ms, steps)


def over(case: Case, look: LookSeen) -> bool:
    """Whether this shot is from after the last of the lights that were ordered."""
    shown = _complete(case)
    return shown is not None and look.at_mono_ms > shown.end_ms


def _complete(case: Case) -> Lighting | None:
    """The lights, once the controller told of all that were ordered."""
    shown = case.lighting
    return shown if shown is not None and shown.sequence == case.drawn else None


def keep(case: Case, look: LookSeen) -> None:
    """One more shot of the try."""
    case.shots = [*case.shots[1 - SHOTS_MAX :], look]


def reported(case: Case, event: Lit, now: Now) -> bool:
    """Take the controller's report of our lights; False for any other. It is sent when the last
    light goes out, so its arrival says when that was on our clock.
    """
    drawn, known = case.drawn, case.lighting
    if drawn is None or _complete(case) or event.number != case.flash_number:
        return False
    before = () if known is None else (*known.lit_ms, known.end_ms)
    if len(event.at_us) != len(drawn.steps) - len(before):
        return False
    end_ms = now.mono_ms - REPORT_MS
    first_ms = end_ms - event.at_us[-1] / 1_000 - drawn.step_ms
    begins = (*before, *(first_ms + at_us / 1_000 for at_us in event.at_us))
    rises = all(one < other for one, other in itertools.pairwise(begins))
    if not rises or first_ms < case.flashed_ms - EARLY_MS:
        return False
    case.lighting = Lighting(drawn, begins, end_ms)
    return True


def weigh(case: Case, *, gesture: str = "") -> liveness.Weighed:
    """The checks over this try. A gesture that is still to be made is not asked about. Where nothing is
    accepted any more (the lamps are gone, another policy came) nothing is enough.
    """
    said, must = rules(case), demanded(case)
    if not must:
        return liveness.Weighed(liveness.UNSURE, 0.0, (), (NEEDED,))
    threshold = case.site.looked_by().liveness_threshold
    shots = tuple(case.shots)
    seen = (
        Evidence(shots, threshold=threshold)
        if case.lighting is None
        else lit(shots, case.lighting, threshold)
    )
    case.response = seen.response
    if gesture:
        seen = replace(seen, gesture=gesture)
    else:
        must = tuple(name for name in must if liveness.GESTURE not in liveness.plays((name,)))
    return liveness.weigh(seen, must, said.bands[0].odds_min, said)


def same_as_seen(case: Case, template: bytes) -> bool:
    """Whether a template is of the face that the try was judged by, at its beginning and at its end. Nothing
    measured is a no where it is demanded.
    """
    measured = [shot.face for shot in case.shots if shot.face]
    limit = rules(case).limits.get(SAME, same.LIMIT)
    if not measured:
        return SAME not in demanded(case)
    return all(same.alike(face, template) >= limit for face in (measured[0], measured[-1]))


def written(case: Case, verdict: Verdict, weighed: liveness.Weighed) -> Verdict:
    """The verdict with every check, and with the light's proof where there was light."""
    rows = tuple((one.check, one.value, one.limit, one.state) for one in weighed.scores)
    return replace(verdict, checks=rows, odds=weighed.odds, light=_proof(case))


def of_light(case: Case, weighed: liveness.Weighed) -> Verdict:
    """The verdict of a look that needed no gesture. Its score is the net's as it was judged."""
    shots = sum(shot.live >= 0 for shot in case.shots)
    score = next((one.value for one in weighed.scores if one.check == liveness.NET), 0.0)
    policy = case.site.looked_by()
    threshold = liveness.net_limit(policy, amount_fen(case, policy.liveness), lamps_alone=True)
    live = weighed.outcome == liveness.LIVE
    plain = Verdict(live, score, shots, (), weighed.reasons, (), threshold)
    return written(case, plain, weighed)


def _proof(case: Case) -> LightProof | None:
    """What the centre needs to draw the sequence again and to correlate it with the answers."""
    if case.response is None or case.lighting is None:
        return None
    shown, begins = case.lighting.sequence, case.lighting.lit_ms
    return LightProof(
        nonce=shown.nonce,
        step_ms=shown.step_ms,
        steps=shown.steps,
        sequence=shown.digest(),
        lit_ms=tuple(round(at - begins[0]) for at in begins),
        answers=tuple(
            (_mille(one[0]), _mille(one[1]), _mille(one[2])) for one in case.response.steps
        ),
    )


def _mille(part: float) -> int:
    value = part * PER_MILLE
    return round(max(-MILLE_MAX, min(MILLE_MAX, value))) if math.isfinite(value) else 0
