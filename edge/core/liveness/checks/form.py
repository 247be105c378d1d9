"""The face has the form of a head: how left and right lamp share the light over it, weighed so that a mean
head has 1 and folded paper 0 (`heads`); smooth sheets have no more than paper. A mask with a real nose
passes: light alone does not stop it.

The limit lies between what people and what folded paper have of those on whom limits may be chosen, each
photographed head judged by a table that was made without it (LIVENESS, Figures).
"""

from __future__ import annotations

from edge.core.liveness.evidence import FAIL, NOTHING, PASS, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = 0.45  # of the way from folded paper to a mean head
SPOOF = "light_flat"
DOUBT = 0.2  # more than nearly all papers have: with as many other lights noise tips fewer people
SURE = 1.5  # times its own standard error, in which people differ from one another too


def judge(seen: Evidence, limit: float) -> Finding:
    """How much of a head's form, 0 folded paper .. 1."""
    found = seen.response
    if found is None:
        return NOTHING
    finding = by_limit(found.form, limit, SPOOF)
    if finding.state == PASS and found.form < SURE * found.spread:
        return Finding(found.form, FAIL, SPOOF)
    return finding
