"""When faces rest: after a visit whose tries were all refused none is looked at for a while
(`lockout_ms` of the signed policy), or three tries would be three for every bill.

A face alone does not say whose it is: the next one may be the same picture in other hands. So then
nobody's face alone is taken. That costs the honest patient behind an attacker some minutes of code
or card, which both work; to let everybody go on would cost whoever is on the picture. A card that
lay there first says who was meant: the face beside that card rests and no other, or one person with
a picture could end what a clinic does in an outage.

Looks that were taken for a picture count over all bills until somebody alive is seen: who leaves before
the last try finds no new ones at the next bill.

Kept in memory: a restart forgets it. Whoever restarts a terminal stands behind the counter, and
three more tries are worth less than a document that is written, migrated and cleared.
"""

from __future__ import annotations

from typing import Final

from edge.core.types import LivenessRules, Now
from edge.core.visit.case import Case
from edge.core.visit.ticket import key_of_card

LOCKED: Final = "face_locked"
ALONE: Final = ""  # faces without a card
RESTS_MAX: Final = 64  # the one that ends first goes


def rests(case: Case, now: Now) -> bool:
    """Whether the face that this visit would look at rests. Where a card is still to come it is
    nobody's yet.
    """
    if case.both and not case.card_no:
        return False
    return now.mono_ms < case.site.face_rests.get(_whose(case), 0)


def begin(case: Case, now: Now, lockout_ms: int) -> None:
    """The last try was refused."""
    if lockout_ms <= 0:
        return
    held = {whose: end for whose, end in case.site.face_rests.items() if end > now.mono_ms}
    held[_whose(case)] = now.mono_ms + lockout_ms
    case.site.face_rests = dict(sorted(held.items(), key=lambda one: one[1])[-RESTS_MAX:])


def suspected(case: Case, now: Now, said: LivenessRules) -> None:
    """A look was taken for a picture: with as many as a visit has tries, in the time that a rest takes and
    whichever the bills, faces rest.
    """
    recent = _recent(case, now, said)
    mine = (*recent.pop(_whose(case), ()), now.mono_ms)[-said.tries_max :]
    if len(mine) == said.tries_max:
        begin(case, now, said.lockout_ms)
    case.site.face_suspected = dict([*list(recent.items())[1 - RESTS_MAX :], (_whose(case), mine)])


def left(case: Case, now: Now, said: LivenessRules) -> int:
    """How many looks more may be taken for a picture until faces rest."""
    return max(1, said.tries_max - len(_recent(case, now, said).get(_whose(case), ())))


def _recent(case: Case, now: Now, said: LivenessRules) -> dict[str, tuple[int, ...]]:
    since_ms, seen = now.mono_ms - said.lockout_ms, case.site.face_suspected
    kept = {whose: tuple(at for at in times if at > since_ms) for whose, times in seen.items()}
    return {whose: times for whose, times in kept.items() if times}


def lives(case: Case) -> None:
    """Somebody alive was seen."""
    case.site.face_suspected.pop(_whose(case), None)


def _whose(case: Case) -> str:
    return key_of_card(case.card_no) if case.card_no else ALONE
