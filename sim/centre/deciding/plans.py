"""What a plan does: one row for each kind, one file for each rule. All inside the message's
transaction.

A business "no" is a `No`; the caller turns it into REJECTED (or DUPLICATE with the first result).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from sim.centre.bodies import Body
from sim.centre.deciding import (
    activating,
    collecting,
    discharging,
    dispensing,
    filing,
    informing,
    purchasing,
    registering,
    remitting,
    settling,
    staying,
    stepping,
    undoing,
)
from sim.centre.deciding.case import Case, Done, No, insured

Run = Callable[[Case], Done | No]

RUNS: Final[dict[str, Run]] = {
    "register": registering.run,
    "settle": settling.run,
    "pharmacy": settling.run,
    "prescription": dispensing.run,
    "delivery": purchasing.run,
    "chronic": settling.run,
    "file_away": filing.run,
    "activate": activating.run,
    "step": stepping.run,
    "card_info": informing.card,
    "card_replace": informing.replace_card,
    "subsidies": informing.subsidies,
    "admit": staying.admit,
    "deposit": staying.deposit,
    "inpatient": discharging.run,
    "collect": collecting.run,
    "wallet_send": remitting.send,
    "wallet_take": remitting.take,
    "cancel": lambda case: UNDOES[case.body.plan[-1].infno](case),
}
UNDOES: Final[dict[str, Run]] = {
    "2208": undoing.run,
    "2103": undoing.run,
    "2305": undoing.run,
    "2404": staying.unadmit,
    "deposit_back": staying.give_back,
}
OWN_RULES: Final = frozenset({"wallet_send", "wallet_take"})  # no benefit is worked out
OF_A_SETTLEMENT: Final = frozenset({"cancel"})  # about what is booked: whoever it is now, it can end


def run(case: Case) -> Done | No:
    """Carry out the plan of the record. EdgeErrors of malformed forms pass through."""
    kind = case.body.kind
    if kind not in OF_A_SETTLEMENT:
        if why := insured(case.person):
            return No(why)
        if kind not in OWN_RULES and case.region.pool_of(case.person.insuplc_admdvs) is None:
            return No("other_region")  # nobody here has the rules of that pool
    return RUNS[kind](case)


def person_undone(conn: sa.Connection, body: Body) -> str:
    """psn_no of what a cancel names, "" when there is no such thing."""
    infno = body.plan[-1].infno
    named = staying.person_of if infno in staying.UNDOES else undoing.person_of_settlement
    return named(conn, body)
