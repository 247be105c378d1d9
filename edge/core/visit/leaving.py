"""What ends a look for somebody, or the visit, before anything is recorded."""

from __future__ import annotations

from typing import Any

from edge.core.effects import Effect
from edge.core.types import BillStatus, Now, Refusal
from edge.core.visit import errand
from edge.core.visit.case import Case
from edge.core.visit.face import tries
from edge.core.visit.who.identify import afresh, ways


def patient_cancelled(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The cancel button: nothing was recorded."""
    tries.left_open(case, now)
    return case.refuse(Refusal("cancelled", ("try_again", "ask_staff")), now)


def withdrawn(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The HIS took the bill back before anything was recorded."""
    tries.left_open(case, now)
    return case.refuse(Refusal("cancelled", ("ask_staff",)), now, BillStatus.CANCELLED)


def timed_out(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Nobody did anything."""
    return case.refuse(Refusal("timeout", ("try_again", "ask_staff")), now)


def camera_gone(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The camera stopped in the middle: the ways that need none are offered, or the visit ends."""
    if case.errand is not None and case.errand.what == errand.SCAN:
        return case.refuse(Refusal("camera_lost", ("use_card", "ask_staff")), now)
    return other_way(case, None, now)


def link_gone_code(case: Case, _event: Any, now: Now) -> list[Effect]:
    """A code cannot be read without the centre; for the HIS it is only seen."""
    if case.errand is not None and case.errand.what == errand.SCAN:
        return []
    return ways(case, None, now)


def other_way(case: Case, _event: Any, now: Now) -> list[Effect]:
    """The patient wants another way to say who they are."""
    if case.errand is not None and case.errand.what == errand.SCAN:
        return patient_cancelled(case, None, now)  # the HIS wants a code and nothing else
    tries.left_open(case, now)
    return afresh(case, now)
