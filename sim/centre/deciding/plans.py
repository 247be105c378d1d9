"""What a plan does: one row for each kind, one file for each rule. All inside the message's
transaction.

A business "no" is a `No`; the caller turns it into REJECTED (or DUPLICATE with the first result).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sim.centre.deciding import dispensing, filing, registering, settling, undoing
from sim.centre.deciding.case import Case, Done, No, insured

Run = Callable[[Case], Done | No]

RUNS: Final[dict[str, Run]] = {
    "register": registering.run,
    "settle": settling.run,
    "pharmacy": settling.run,
    "prescription": dispensing.run,
    "chronic": settling.run,
    "file_away": filing.run,
    "cancel": undoing.run,
}
OF_A_SETTLEMENT: Final = frozenset({"cancel"})  # about what is booked: whoever it is now, it can end


def run(case: Case) -> Done | No:
    """Carry out the plan of the record. EdgeErrors of malformed forms pass through."""
    kind = case.body.kind
    if kind not in OF_A_SETTLEMENT:
        if why := insured(case.person):
            return No(why)
        if case.region.pool_of(case.person.insuplc_admdvs) is None:
            return No("other_region")  # nobody here has the rules of that pool
    return RUNS[kind](case)
