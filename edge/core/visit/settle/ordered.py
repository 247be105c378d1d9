"""A visit without the person: somebody at home ordered, and their phone proved who they are. The centre
is asked whose order it is; what is on the screen afterwards is confirmed by the pharmacy.
"""

from __future__ import annotations

from edge.core.effects import Ask, Effect
from edge.core.site import OFFLINE_ORDER
from edge.core.types import Means, Now
from edge.core.visit import screens
from edge.core.visit.case import ASK_BYTES, Case, State


def ask(case: Case, now: Now) -> list[Effect]:
    """1101 by the order's number."""
    if not case.online:
        return case.refuse(OFFLINE_ORDER, now)
    case.means = Means.QR  # a one-time authorisation of the phone, as its code is
    case.ask_id = case.site.dice.bytes(ASK_BYTES)
    case.go(State.IDENTIFY, now, case.site.settings.ask_timeout_ms)
    body = {"means": "order", "order_no": case.bill.order_no}
    return [Ask(case.ask_id, "1101", body), *case.show(screens.working("identify"), now)]
