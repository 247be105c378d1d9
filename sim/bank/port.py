"""What the centre asks a bank, and in which words. TimeoutError = nobody knows; ask again: each
question is idempotent by the order's id."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct

ONECODE: Final = "onecode"
CREDIT: Final = "credit"
MOBILE: Final = "mobile"
FEN_MAX: Final = 1_000_000_000_00
Short = Annotated[str, Meta(max_length=64)]
Fen = Annotated[int, Meta(ge=0, le=FEN_MAX)]


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """Freeze this for that bill. `way`: the customer's own money, or the bank's (credit)."""

    pay_ordid: Annotated[str, Meta(min_length=1, max_length=64)]
    psn_no: Short
    way: Short
    fen: Fen
    fixmedins_code: Short = ""
    med_type: Short = ""


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """The bank's word on a wish; no is for ever. `capt_no` is the number under which it will be
    captured, `due_on` when credit is to be repaid, `why` the reason of a no (WHYS)."""

    good: bool
    why: Short = ""
    capt_no: Short = ""
    due_on: Short = ""


class Loan(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody may pay later. `why`: why nothing, "" = `left_fen` may be used."""

    bank: Short = ""
    left_fen: Fen = 0
    owed_fen: Fen = 0
    due_on: Short = ""  # of a purchase made today
    why: Short = "no_contract"


WHYS: Final = ("balance", "no_contract", "limit", "age", "overdue", "excluded", "taken_back")


class Bank(Protocol):
    """A bank, in this process or beside it."""

    def hold(self, wish: Wish) -> Word:
        """Freeze the money (or reserve the limit)."""

    def capture(self, pay_ordid: str, fen: int) -> bool:
        """Take of what is frozen, and free the rest. False: there is no such hold any more."""

    def give_back(self, pay_ordid: str) -> None:
        """Free what is frozen, return what was taken; nothing of this order ever again."""

    def refund(self, pay_ordid: str, refd_sn: str, fen: int) -> bool:
        """Return part of what was taken, once for each number. False: so much was not taken."""

    def standing(self, psn_no: str, med_type: str) -> Loan:
        """What this person may pay later."""
