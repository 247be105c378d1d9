"""Without the centre, is the living face the holder's of the card? Against the photo on the card's own chip
or the clinic's roster; what was found goes into the record, and where the signed policy demands it,
nothing provisional is done without it. The centre compares again with its own library.
"""

from __future__ import annotations

from typing import Final

from edge.core import tx
from edge.core.books.roster import Match, alike
from edge.core.effects import Effect, MeasurePhoto
from edge.core.events import CardRead, PhotoMeasured
from edge.core.types import Now, Refusal
from edge.core.visit.case import Case
from edge.core.visit.settle import pay

PHOTO_BYTES_MAX: Final = 64 * 1024
UNMATCHED_STEPS: Final = ("wait_network", "pay_full", "ask_staff")


def chip_seen(case: Case, event: CardRead) -> list[Effect]:
    """The reader gave the photo on the chip: it is measured while the person looks."""
    case.chip, case.chip_model = b"", ""
    if not 0 < len(event.photo) <= PHOTO_BYTES_MAX:
        return []
    return [MeasurePhoto(event.photo)]


def chip_measured(case: Case, event: PhotoMeasured) -> None:
    """Before the visit is over, or it is nobody's."""
    if case.card_no:
        case.chip, case.chip_model = event.template, event.model


def _chip(case: Case) -> Match | None:
    """Two nets are never compared."""
    if not case.chip or case.chip_model != case.template_model:
        return None
    return Match("chip", alike(case.chip, case.template))


def _roster(case: Case, now: Now) -> Match | None:
    card = (case.cert_type, case.card_no)
    return case.site.roster.match(card, case.template, case.template_model, now.utc_ms)


def prove(case: Case, now: Now) -> list[Effect]:
    """Card and living face are both here."""
    policy, _ = case.site.in_force(now)
    case.match = _chip(case) or _roster(case, now)
    money = not case.errand and case.kind.OFFLINE == tx.PROVISIONAL
    if money and policy.offline_match_min > 0:
        if case.match is None:
            return case.refuse(Refusal("offline_unmatched", UNMATCHED_STEPS), now)
        if case.match.score < policy.offline_match_min:
            return case.refuse(Refusal("face_mismatch", UNMATCHED_STEPS), now)
    return pay.prepare(case, now)
