"""Where an order stands, as a table: every pair of a status and an event is a row of TABLE or has its
reason in NO. A callback that comes before its turn, or again, changes nothing and is told so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """What has become of it."""

    PLACED = "placed"
    ACCEPTED = "accepted"  # a pharmacy has it before its terminal
    PAID = "paid"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"  # the courier is at the door
    SIGNED = "signed"
    REJECTED = "rejected"  # the receiver would not have it: the money is owed
    REFUNDED = "refunded"
    DECLINED = "declined"  # by the pharmacy
    WITHDRAWN = "withdrawn"  # by the person, before anything was paid
    LAPSED = "lapsed"


class On(StrEnum):
    """What can happen to it."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    PAY = "pay"
    PICK_UP = "pick_up"
    DELIVER = "deliver"
    SIGN = "sign"
    REJECT = "reject"
    REFUND = "refund"  # the pharmacy's 2103, or 2601 of the sale


S = Status
TABLE: Final[dict[tuple[Status, On], Status]] = {
    (S.PLACED, On.ACCEPT): S.ACCEPTED,
    (S.PLACED, On.DECLINE): S.DECLINED,
    (S.PLACED, On.WITHDRAW): S.WITHDRAWN,
    (S.PLACED, On.LAPSE): S.LAPSED,
    (S.ACCEPTED, On.ACCEPT): S.ACCEPTED,
    (S.ACCEPTED, On.DECLINE): S.DECLINED,
    (S.ACCEPTED, On.WITHDRAW): S.WITHDRAWN,
    (S.ACCEPTED, On.LAPSE): S.LAPSED,
    (S.ACCEPTED, On.PAY): S.PAID,
    (S.PAID, On.PICK_UP): S.PICKED_UP,
    (S.PAID, On.REFUND): S.REFUNDED,
    (S.PICKED_UP, On.PICK_UP): S.PICKED_UP,
    (S.PICKED_UP, On.DELIVER): S.DELIVERED,
    (S.PICKED_UP, On.REJECT): S.REJECTED,
    (S.DELIVERED, On.DELIVER): S.DELIVERED,
    (S.DELIVERED, On.SIGN): S.SIGNED,
    (S.DELIVERED, On.REJECT): S.REJECTED,
    (S.SIGNED, On.SIGN): S.SIGNED,
    (S.REJECTED, On.REJECT): S.REJECTED,
    (S.REJECTED, On.REFUND): S.REFUNDED,
    (S.DECLINED, On.DECLINE): S.DECLINED,
    (S.WITHDRAWN, On.WITHDRAW): S.WITHDRAWN,
    (S.LAPSED, On.LAPSE): S.LAPSED,
}
_WHY: Final = {
    S.PLACED: "order_not_accepted",
    S.ACCEPTED: "order_not_paid",
    S.PAID: "order_paid",
    S.PICKED_UP: "order_under_way",
    S.DELIVERED: "order_under_way",
    S.SIGNED: "order_signed",
    S.REJECTED: "order_rejected",
    S.REFUNDED: "order_refunded",
    S.DECLINED: "order_declined",
    S.WITHDRAWN: "order_withdrawn",
    S.LAPSED: "order_lapsed",
}
NO: Final[dict[tuple[Status, On], str]] = {
    (status, on): _WHY[status] for status in Status for on in On if (status, on) not in TABLE
}
COURIER: Final = frozenset({On.PICK_UP, On.DELIVER, On.SIGN, On.REJECT})
OPEN: Final = frozenset({S.PLACED, S.ACCEPTED, S.PAID, S.PICKED_UP, S.DELIVERED, S.REJECTED})
