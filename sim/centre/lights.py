"""What the centre makes of the light of a look: it draws the sequence again from the nonce, and sees
whether the answers in the record go with it.
"""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from edge.core.liveness import GESTURE, LIGHT, always, for_amount, net_limit, plays
from edge.core.liveness.checks import checks
from edge.core.liveness.evidence import FAIL, PASS
from edge.core.liveness.response import fit
from edge.core.liveness.sequence import NONCE_BYTES, lamps, redraw
from edge.core.types import LightProof, LivenessRules, Policy
from edge.core.visit.face.gestures import steps_of
from sim.centre.bodies import VerdictIn

VALUE_PLACES = 4  # to which a verdict's values are written
FOLLOWS_MIN = 0.5  # of the variance of the answers: the terminal's own limit is stricter


def honest(light: Any, terminal: str) -> bool:
    """Whether these lights were drawn and not chosen, and the answers follow them."""
    try:
        proof = msgspec.convert(light, LightProof, from_attributes=True)
    except msgspec.ValidationError:
        return False
    if len(proof.nonce) != NONCE_BYTES:
        return False
    drawn = redraw(proof.nonce, terminal, len(proof.steps))
    same = (drawn.steps, drawn.step_ms, drawn.digest()) == (proof.steps, proof.step_ms, proof.sequence)
    told = len(proof.answers) == len(proof.lit_ms) == len(proof.steps)
    rises = all(one < two for one, two in itertools.pairwise(proof.lit_ms))
    return same and told and rises and follows(proof) >= FOLLOWS_MIN


def as_demanded(verdict: VerdictIn, policy: Policy, total_fen: int, terminal: str) -> bool:
    """Whether a living verdict has all that the policy demands of this amount: under the lamps, or
    what it takes instead of them, which may be nothing. Of the rules from before there were checks
    only gestures are asked.
    """
    lamps_alone = verdict.light is not None and not verdict.steps
    if not net_limit(policy, total_fen, lamps_alone=lamps_alone) <= verdict.score <= 1:
        return False
    rules = for_amount(policy.liveness, total_fen)
    taken = rules.bands[0].must
    if LIGHT in plays(taken) and verdict.light is None:
        taken = rules.instead
    if GESTURE in plays(taken) and len(verdict.steps) < policy.liveness_steps:
        return False
    if not set(verdict.steps) <= set(steps_of(rules.gestures)):
        return False
    if verdict.light is not None and not honest(verdict.light, terminal):
        return False
    return policy.liveness == LivenessRules() or _checked(verdict, taken, rules)


def _checked(verdict: VerdictIn, taken: tuple[str, ...], rules: LivenessRules) -> bool:
    """Whether the record's rows say what the terminal had to decide by: each check once, all that are
    demanded passed, none that always counts failed, and the odds that are asked.
    """
    rows = {row[0]: row for row in verdict.checks}
    passed = {name for name, row in rows.items() if row[3] == PASS and _reached(row, rules)}
    failed = any(row[3] == FAIL and always(name) for name, row in rows.items() if name in checks())
    once, odds = len(rows) == len(verdict.checks), verdict.odds >= rules.bands[0].odds_min
    return once and odds and not failed and bool(taken) and set(taken) <= passed


def _reached(row: tuple[str, float, float, str], rules: LivenessRules) -> bool:
    """Whether the value is what the policy names for this amount, if it names any."""
    name, value, _, _ = row
    return name not in rules.limits or value >= round(rules.limits[name], VALUE_PLACES)


def follows(proof: LightProof) -> float:
    """The part of the answers' variance that the lamps explain, over the three channels."""
    rows = []
    for step in proof.steps:
        left, right = lamps(step)
        rows.append((1.0, *(one + other for one, other in zip(left, right, strict=True))))
    left_over = total = 0.0
    for channel in zip(*proof.answers, strict=True):
        values = [float(value) for value in channel]
        found, mean = fit(rows, values), sum(values) / len(values)
        total += sum((value - mean) ** 2 for value in values)
        said = [sum(a * b for a, b in zip(found, row, strict=True)) for row in rows]
        left_over += sum((v - s) ** 2 for v, s in zip(values, said, strict=True))
    return 1 - left_over / total if total else 0.0
