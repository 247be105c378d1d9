"""The face has the form of a head: how left and right lamp share the light over it. What a flat,
tilted or bent sheet can do is fitted away (any cubic of the place); the flanks of the nose and the
sockets stay. A mask with a nose passes: light alone does not stop it.

The limit lies between what people and what paper has, of the fifteen people on whom limits may be chosen
(the set of `fitted`, `facepay pad-eval DIR --outcomes FILE`): 72 visits, least 0.56; sheets at most 0.20,
folded paper 0.45.
"""

from __future__ import annotations

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = 0.46  # of a mean head
SURE = 3.5  # times its own standard error


def judge(seen: Evidence, limit: float) -> Finding:
    """The part of a head's form, 0 flat .. 1."""
    found = seen.response
    if found is None:
        return NOTHING
    finding = by_limit(found.form, limit, "light_flat")
    if finding.state == PASS and found.form < SURE * found.spread:
        return Finding(found.form, FAIL, "light_flat")
    return finding
