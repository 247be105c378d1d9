"""What the terminals of the fleet write: settlements by card and face, as an outage makes them."""

from __future__ import annotations

import os
import random
import struct
from typing import Final

from edge.core.books.msgid import Msgids
from edge.core.tx import settle
from edge.core.types import (
    Bill,
    Draft,
    FeeLine,
    Identity,
    Means,
    Mode,
    Settings,
    Split,
    Verdict,
)
from edge.core.visit.ticket import Ticket, person_key
from edge.process.clock import Clock
from sim.centre.books.people import population

AMOUNT_FEN: Final = 1_000
FUND_FEN: Final = AMOUNT_FEN // 2
LINES: Final = (FeeLine("1", "XA01AA001", "甲类示例药", AMOUNT_FEN),)
SPLIT: Final = Split(
    medfee_sumamt_fen=AMOUNT_FEN,
    fulamt_ownpay_amt_fen=0,
    overlmt_selfpay_fen=0,
    preselfpay_amt_fen=0,
    inscp_scp_amt_fen=AMOUNT_FEN,
    act_pay_dedc_fen=0,
    hifp_pay_fen=FUND_FEN,
    fund_pay_sumamt_fen=FUND_FEN,
    psn_cash_pay_fen=AMOUNT_FEN - FUND_FEN,
)
PEOPLE: Final = tuple(person for person in population(20) if person.cards)
MODEL: Final = "f" * 64
FLOATS: Final = 192
STEPS: Final = ("blink", "turn_left")
VERDICT: Final = Verdict(True, 0.9, 12, STEPS, (), (("anti", "a" * 64),), 0.5)


def face(psn_no: str) -> bytes:
    """The embedding of an invented face, the same every time."""
    dice = random.Random(f"face {psn_no}")
    return struct.pack(f"<{FLOATS}f", *(dice.gauss(0, 1) for _ in range(FLOATS)))


class Drafts:
    """The next settlement of one terminal; its body is what `edge.core.tx.settle` makes of it. A
    bill number is never used twice, also not after a restart."""

    def __init__(self, settings: Settings, policy_hash: bytes) -> None:
        self._settings, self._policy = settings, policy_hash
        self._clock = Clock()
        # The counter is not kept here: it goes on from anywhere, so that a restart within the same
        # second does not repeat an id (the agent keeps its own, in the ledger).
        self._msgids = Msgids(settings, str(int.from_bytes(os.urandom(2), "big") % 10_000).encode())

    def next(self) -> Draft:
        """One more."""
        now, txid = self._clock.now(), os.urandom(16)
        bill = Bill("settle", f"F-{txid.hex()[:20]}", AMOUNT_FEN, LINES)
        person = PEOPLE[txid[0] % len(PEOPLE)]
        card_no, cert_type = person.cards[0]
        identity = Identity(Means.CARD, "", (), card_no)
        ids, _ = self._msgids.take(len(settle.calls(bill)), now)
        ticket = Ticket(
            self._settings, bill, identity, None, Mode.PROVISIONAL, now,
            verdict=VERDICT, estimate=SPLIT, template=face(person.psn_no), template_model=MODEL,
            consent_utc_ms=now.utc_ms, cert_type=cert_type,
        )  # fmt: skip
        local = {
            "bill_id": txid.hex()[:16],
            "bill_no": bill.bill_no,
            "kind": bill.kind,
            "amount_fen": bill.amount_fen,
            "fund_fen": FUND_FEN,
            "person": person_key(identity, None),
            "at_utc_ms": now.utc_ms,
        }
        body = settle.body(ticket, ids)
        return Draft(txid, bill.kind, Mode.PROVISIONAL, body, local, self._policy, now)
