"""ordStas, the state of an order for the phone: one table (DOMAIN §2.6).

The numbers are from memory of the payment centre's papers (C: verify before quoting); that 3, 4, 5
and 6 are the only candidates of success, and that an unknown one must stop, is from public code (B).
5 (the hospital's own books are done) is the HIS's word and never ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from edge.errors import EdgeError


class Stas(StrEnum):
    """What ordStas says."""

    SAVED = "0"  # the fees are here
    PRICED = "1"
    PAYING = "2"  # the person said yes on the phone
    SELF_PAID = "3"  # the own part is frozen, the insurance is not booked
    INS_PAID = "4"  # the insurance is booked, the own part is being taken
    HOSPITAL = "5"
    DONE = "6"
    REFUNDED = "7"
    INS_REFUNDED = "8"  # the insurance's part went back, all of the own part stayed
    CASH_REFUNDED = "9"  # the other way round
    CASH_PART = "10"
    INS_AND_PART = "11"
    REVOKED = "12"  # or expired, or it came to nothing; nothing is paid


class On(StrEnum):
    """What can happen."""

    PRICE = "price"
    CONFIRM = "confirm"
    HELD = "held"
    BOOK = "book"
    CAPTURED = "captured"
    LOST = "lost"  # the bank broke its word: the insurance was undone
    NO = "no"  # the insurance said no, or the own part was nothing that fits
    END = "end"  # 6401, or its time is over
    REFUND_INS = "refund_ins"
    REFUND_PART = "refund_part"
    REFUND_REST = "refund_rest"  # of the own part
    REFUND_ALL = "refund_all"  # whatever is left; 2208 too


S = Stas
TABLE: Final[dict[tuple[Stas, On], Stas]] = {
    (S.SAVED, On.PRICE): S.PRICED,
    (S.SAVED, On.END): S.REVOKED,
    (S.PRICED, On.CONFIRM): S.PAYING,
    (S.PRICED, On.END): S.REVOKED,
    (S.PAYING, On.HELD): S.SELF_PAID,
    (S.PAYING, On.BOOK): S.DONE,  # there is no own part: nothing is left to be taken
    (S.PAYING, On.NO): S.REVOKED,
    (S.PAYING, On.END): S.REVOKED,
    (S.SELF_PAID, On.BOOK): S.INS_PAID,
    (S.SELF_PAID, On.NO): S.REVOKED,
    (S.INS_PAID, On.CAPTURED): S.DONE,
    (S.INS_PAID, On.LOST): S.REVOKED,
    (S.INS_PAID, On.REFUND_ALL): S.REFUNDED,
    (S.DONE, On.REFUND_INS): S.INS_REFUNDED,
    (S.DONE, On.REFUND_PART): S.CASH_PART,
    (S.DONE, On.REFUND_REST): S.CASH_REFUNDED,
    (S.DONE, On.REFUND_ALL): S.REFUNDED,
    (S.INS_REFUNDED, On.REFUND_PART): S.INS_AND_PART,
    (S.INS_REFUNDED, On.REFUND_REST): S.REFUNDED,
    (S.CASH_REFUNDED, On.REFUND_INS): S.REFUNDED,
    (S.CASH_REFUNDED, On.REFUND_ALL): S.REFUNDED,
    (S.CASH_PART, On.REFUND_PART): S.CASH_PART,
    (S.CASH_PART, On.REFUND_REST): S.CASH_REFUNDED,
    (S.CASH_PART, On.REFUND_INS): S.INS_AND_PART,
    (S.CASH_PART, On.REFUND_ALL): S.REFUNDED,
    (S.INS_AND_PART, On.REFUND_PART): S.INS_AND_PART,
    (S.INS_AND_PART, On.REFUND_REST): S.REFUNDED,
}
BEGIN: Final = S.SAVED
PAID: Final = frozenset({S.DONE, S.CASH_PART})  # there is something to collect
SUCCESS: Final = frozenset({S.SELF_PAID, S.INS_PAID, S.HOSPITAL, S.DONE})


def after(stas: Stas, on: On) -> Stas | None:
    """The next state; None = that cannot be done to this order."""
    return TABLE.get((stas, on))


def known(text: str) -> Stas:
    """What a HIS reads. EdgeError E-WIR-20 for one that nobody knows: stop, and ask a person."""
    try:
        return Stas(text)
    except ValueError as error:
        raise EdgeError("E-WIR-20", f"ordStas {text[:20]!r} is unknown: stop", "ask the centre") from error
