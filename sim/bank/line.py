"""A bank behind a line that does what a story says: once, before or after the bank heard it."""

from __future__ import annotations

from typing import Any

from sim.bank.bank import SimBank
from sim.bank.port import Loan, Wish, Word


class Killed(BaseException):
    """The process that asked ends here."""


class Line:
    """`fault`: (op, "before" | "after" | "no", Killed or TimeoutError), for the next question of that
    name; "no": the bank breaks its word on a capture."""

    def __init__(self, bank: SimBank) -> None:
        self.bank = bank
        self.fault: tuple[str, str, type[BaseException]] | None = None

    def _through(self, op: str, *given: Any) -> Any:
        fault = self.fault if self.fault is not None and self.fault[0] == op else None
        if fault is not None:
            self.fault = None
        if fault is not None and fault[1] == "before":
            raise fault[2]
        answer = getattr(self.bank, op)(*given)
        if fault is not None and fault[1] == "after":
            raise fault[2]
        return answer

    def hold(self, wish: Wish) -> Word:
        """As the bank's."""
        word: Word = self._through("hold", wish)
        return word

    def capture(self, pay_ordid: str, fen: int) -> bool:
        """As the bank's, or it has lost the hold."""
        if self.fault is not None and self.fault[:2] == ("capture", "no"):
            self.fault = None
            self.bank.lose(pay_ordid)
        return bool(self._through("capture", pay_ordid, fen))

    def give_back(self, pay_ordid: str) -> None:
        """As the bank's."""
        self._through("give_back", pay_ordid)

    def refund(self, pay_ordid: str, refd_sn: str, fen: int) -> bool:
        """As the bank's."""
        return bool(self._through("refund", pay_ordid, refd_sn, fen))

    def standing(self, psn_no: str, med_type: str) -> Loan:
        """As the bank's."""
        loan: Loan = self._through("standing", psn_no, med_type)
        return loan
