"""Where a prescription stands, as a table: every pair of a status and an event is either a row of TABLE
or has its reason in NO, so that none is dispensed twice and each "no" says why.

A lock has no clock of its own. The pharmacy that took a prescription may be selling it without a
network, so nobody else gets it before that pharmacy gives it back, or a person here does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """What has become of it."""

    CHECKED = "checked"  # D001: numbered, not signed yet
    VALID = "valid"
    LOCKED = "locked"  # a pharmacy has it at its counter
    REVIEWED = "reviewed"  # its pharmacist said yes
    REJECTED = "rejected"  # its pharmacist said no
    DISPENSED = "dispensed"
    REVOKED = "revoked"
    EXPIRED = "expired"


class On(StrEnum):
    """What can happen to it. TAKE to RETURN come from the pharmacy that has it, or from one that asks
    while nobody has it."""

    UPLOAD = "upload"
    TAKE = "take"
    FREE = "free"
    APPROVE = "approve"
    REJECT = "reject"
    DISPENSE = "dispense"
    RETURN = "return"  # 2103, or 2601 of the sale
    AGAIN = "again"  # 2601 of the 2103: the sale stands after all
    REVOKE = "revoke"
    EXPIRE = "expire"


S = Status
TABLE: Final[dict[tuple[Status, On], Status]] = {
    (S.CHECKED, On.UPLOAD): S.VALID,
    (S.CHECKED, On.REVOKE): S.REVOKED,
    (S.CHECKED, On.EXPIRE): S.EXPIRED,
    (S.VALID, On.UPLOAD): S.VALID,  # the same again; `books` compares
    (S.VALID, On.TAKE): S.LOCKED,
    (S.VALID, On.FREE): S.VALID,
    (S.VALID, On.AGAIN): S.DISPENSED,
    (S.VALID, On.REVOKE): S.REVOKED,
    (S.VALID, On.EXPIRE): S.EXPIRED,
    (S.LOCKED, On.TAKE): S.LOCKED,
    (S.LOCKED, On.FREE): S.VALID,
    (S.LOCKED, On.APPROVE): S.REVIEWED,
    (S.LOCKED, On.REJECT): S.REJECTED,
    (S.LOCKED, On.REVOKE): S.REVOKED,
    (S.REVIEWED, On.TAKE): S.REVIEWED,
    (S.REVIEWED, On.FREE): S.VALID,
    (S.REVIEWED, On.APPROVE): S.REVIEWED,
    (S.REVIEWED, On.REJECT): S.REJECTED,
    (S.REVIEWED, On.DISPENSE): S.DISPENSED,
    (S.REVIEWED, On.REVOKE): S.REVOKED,
    (S.REJECTED, On.REJECT): S.REJECTED,
    (S.REJECTED, On.FREE): S.REJECTED,
    (S.DISPENSED, On.FREE): S.DISPENSED,
    (S.DISPENSED, On.RETURN): S.VALID,
    (S.REVOKED, On.REVOKE): S.REVOKED,
    (S.REVOKED, On.FREE): S.REVOKED,
    (S.EXPIRED, On.EXPIRE): S.EXPIRED,
    (S.EXPIRED, On.FREE): S.EXPIRED,
    (S.EXPIRED, On.AGAIN): S.DISPENSED,  # the sale was in time
}
_OVER: Final = {
    S.CHECKED: "rx_not_ready",
    S.REJECTED: "rx_rejected",
    S.DISPENSED: "rx_dispensed",
    S.REVOKED: "rx_revoked",
    S.EXPIRED: "rx_expired",
}
_ELSE: Final[dict[tuple[Status, On], str]] = {
    (S.VALID, On.APPROVE): "rx_not_locked",
    (S.VALID, On.REJECT): "rx_not_locked",
    (S.VALID, On.DISPENSE): "rx_not_locked",
    (S.VALID, On.RETURN): "rx_not_dispensed",
    (S.LOCKED, On.UPLOAD): "rx_locked",
    (S.LOCKED, On.DISPENSE): "rx_not_reviewed",
    (S.LOCKED, On.RETURN): "rx_not_dispensed",
    (S.LOCKED, On.AGAIN): "rx_locked",
    (S.LOCKED, On.EXPIRE): "rx_locked",  # a sale of the time before may be on its way
    (S.REVIEWED, On.UPLOAD): "rx_locked",
    (S.REVIEWED, On.RETURN): "rx_not_dispensed",
    (S.REVIEWED, On.AGAIN): "rx_locked",
    (S.REVIEWED, On.EXPIRE): "rx_locked",
}
NO: Final[dict[tuple[Status, On], str]] = _ELSE | {
    (status, on): why for status, why in _OVER.items() for on in On if (status, on) not in TABLE
}
OF_THE_HOLDER: Final = frozenset({On.FREE, On.APPROVE, On.REJECT, On.DISPENSE})
# rxStasCodg (B, DOMAIN §1.4) and what we call "used" (our own names, D)
STAS: Final = {S.REVOKED: "3", S.EXPIRED: "2", S.REJECTED: "2", S.DISPENSED: "2"}
STAS_NAMES: Final = {"1": "有效", "2": "已失效", "3": "已撤销"}


def stas(status: Status) -> str:
    """rxStasCodg: 1 valid, 2 over, 3 revoked."""
    return STAS.get(status, "1")
