"""What each decision of the centre asks of the staff (DOMAIN §4.4): one TABLE of outcome and
situation. Every pair is in TABLE or in NEVER, tests/core/test_outcomes.py proves it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from edge.core.types import BillState, BillStatus, Entry, Outcome


class Situation(StrEnum):
    """Where the bill stood when the answer came, and what the answer made of it."""

    FREE = "free"  # no money in it: a registration
    UNDO = "undo"  # the record asks to undo a settlement, or to take back what is unknown
    BACK = "back"  # decided while it is being taken back: the reversal's own decision is the word
    SEEN = "seen"  # refused while the person waited in front: nothing had been given
    GONE = "gone"  # refused after the person had left with what was provisional or unknown
    FITS = "fits"  # the person pays what they were told
    SMALL = "small"  # a little more, which the institution bears
    DIFFERS = "differs"  # more, or less
    MISFIT = "misfit"  # decided, but its amounts are not this bill's


S = Situation
UNDOING: Final = frozenset({"cancel", "reverse"})
NOTHING: Final = ""
DECIDED: Final = (Outcome.SETTLED, Outcome.ADJUSTED, Outcome.DUPLICATE)
REFUSED: Final = (Outcome.REJECTED, Outcome.EXPIRED, Outcome.SUSPECT)

TABLE: Final[dict[tuple[Outcome, Situation], str]] = {
    # -- the centre took it
    **{(outcome, S.FITS): NOTHING for outcome in DECIDED},
    **{(outcome, S.SMALL): "absorbed" for outcome in DECIDED},
    **{(outcome, S.DIFFERS): "difference" for outcome in DECIDED},
    (Outcome.SETTLED, S.MISFIT): "unclear",
    (Outcome.ADJUSTED, S.MISFIT): "unclear",
    (Outcome.DUPLICATE, S.MISFIT): "other_bill",  # the first result is of another bill
    # -- it had been done by a record that tells nothing of its result
    (Outcome.DUPLICATE, S.SEEN): "other_bill",
    (Outcome.DUPLICATE, S.GONE): "other_bill",
    # -- the centre did not take it
    (Outcome.REJECTED, S.SEEN): NOTHING,
    (Outcome.EXPIRED, S.SEEN): NOTHING,
    (Outcome.SUSPECT, S.SEEN): "suspect",
    (Outcome.REJECTED, S.GONE): "receivable",
    (Outcome.EXPIRED, S.GONE): "manual_claim",
    (Outcome.SUSPECT, S.GONE): "suspect",
    # -- no money
    **{(outcome, S.FREE): NOTHING for outcome in Outcome},
    (Outcome.SUSPECT, S.FREE): "suspect",
    # -- being taken back
    **{(outcome, S.BACK): NOTHING for outcome in Outcome},
    (Outcome.SUSPECT, S.BACK): "suspect",
    # -- undoing
    **{(outcome, S.UNDO): NOTHING for outcome in DECIDED},
    **{(outcome, S.UNDO): "cancel_refused" for outcome in REFUSED},
    (Outcome.SUSPECT, S.UNDO): "suspect",
}
# a record that was taken was not refused, and the other way round
NEVER: Final = frozenset(
    {(outcome, at) for outcome in (Outcome.SETTLED, Outcome.ADJUSTED) for at in (S.SEEN, S.GONE)}
    | {(outcome, at) for outcome in REFUSED for at in (S.FITS, S.SMALL, S.DIFFERS, S.MISFIT)}
)


def situation(
    entry: Entry, before: BillState | None, after: BillState | None, absorb_max_fen: int
) -> Situation:
    """The situation of one decided record; `before` and `after` are its bill around the answer."""
    if entry.kind in UNDOING:
        return S.UNDO
    if before is not None and (before.reverses or before.reverse_seq > entry.seq):
        return S.BACK
    if before is None or after is None or before.estimate is None:
        return S.FREE
    if after.status is BillStatus.CONFIRMING:
        return S.MISFIT
    if after.status is BillStatus.REJECTED:
        return S.SEEN if before.status is BillStatus.WORKING else S.GONE
    due_fen = difference_fen(after)
    if due_fen == 0 or after.pay_way != "cash":  # a bank paid exactly what was decided
        return S.FITS
    return S.SMALL if 0 < due_fen <= absorb_max_fen else S.DIFFERS


def difference_fen(after: BillState) -> int:
    """What the person pays more than they were told; below zero it must be given back."""
    if after.estimate is None or after.split is None:
        return 0
    return after.split.psn_cash_pay_fen - after.estimate.psn_cash_pay_fen


def unpaid_fen(before: BillState) -> int:
    """What nobody has paid of a bill that the centre refused after the person had left: whoever was
    told an amount paid it, whoever was told to wait paid nothing.
    """
    if before.status is BillStatus.PROVISIONAL and before.estimate is not None:
        return before.bill.amount_fen - before.estimate.psn_cash_pay_fen
    return before.bill.amount_fen
