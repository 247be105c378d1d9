"""What is measured with: real bodies of a three-line outpatient bill, real keys, real ledgers."""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec.structs import replace

from edge.core.books.msgid import Msgids
from edge.core.effects import Append
from edge.core.tx import settle
from edge.core.types import (
    Bill,
    Draft,
    FeeLine,
    Identity,
    Means,
    Mode,
    Now,
    Person,
    Settings,
    Split,
)
from edge.core.visit.ticket import Ticket, person_key
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.process.clock import Clock
from edge.scribe import CentreKeys, Scribe
from edge.turn import commit_turn
from edge.wire import policy, shape
from edge.wire.log.trusted import TrustedCentre
from sim.centre.books.people import population
from sim.centre.books.store import tokens
from sim.centre.setup import Made
from sim.clinic.counter import ORG, TERMINAL

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".facepay"
SETTINGS = Settings(TERMINAL, ORG, "测试诊所", "510100", "terminal-01", "自助终端01")
LINES = (
    FeeLine("1", "XA01AA001", "甲类示例药", 4_200),
    FeeLine("2", "XB02BB002", "乙类示例药", 2_600),
    FeeLine("3", "F0101", "检查费示例", 5_200),
)
AMOUNT_FEN = sum(line.amount_fen for line in LINES)
FUND_FEN = AMOUNT_FEN // 2
SPLIT = Split(
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
FILL_AT_ONCE = 200  # records in one commit while a backlog is made
SMALL = "b" * 30  # a body with which a record has about 500 B
SPACING_MS = 1_000  # between two records of a backlog
FOLK = population(20)
NAMED_MAX = 20_000  # visits that `name_people` makes known: more than any backlog here has


class Drafts:
    """Settlements of people whom the centre had named (`name_people`), one a second, the last of
    them now: a link that went away between the question and the record. The centre settles them."""

    def __init__(self, name: str, count: int, *, policy_hash: bytes = shape.ZERO_HASH) -> None:
        self._name, self._number, self._policy = name, 0, policy_hash
        self._clock = Clock()
        self._began_ms = self._clock.now().utc_ms - count * SPACING_MS
        self._msgids = Msgids(SETTINGS, None)

    def next(self) -> Draft:
        """The next one; its body is what `edge.core.tx.settle` makes of it."""
        self._number += 1
        now = self._clock.now()
        at = Now(self._began_ms + self._number * SPACING_MS, now.mono_ms, now.error_ms)
        bill = Bill(
            "settle",
            f"{self._name}-{self._number:06d}",
            AMOUNT_FEN,
            LINES,
            dept_name="全科",
            dr_name="示例医师",
        )
        someone = FOLK[self._number % len(FOLK)]
        person = Person(
            someone.psn_no, "", someone.insutype, someone.insuplc_admdvs, _token(self._number)
        )
        identity = Identity(Means.CARD, _auth_no(self._number), (person,), someone.cards[0][0])
        ids, _ = self._msgids.take(len(settle.calls(bill)), at)
        ticket = Ticket(SETTINGS, bill, identity, person, Mode.ONLINE, at, estimate=SPLIT)
        local = {
            "bill_id": f"b{self._number:016x}",
            "bill_no": bill.bill_no,
            "kind": bill.kind,
            "amount_fen": bill.amount_fen,
            "fund_fen": FUND_FEN,
            "person": person_key(identity, person),
            "at_utc_ms": at.utc_ms,
        }
        txid = os.urandom(16)
        body = settle.body(ticket, ids)
        return Draft(txid, bill.kind, Mode.ONLINE, body, local, self._policy, at)


def name_people(made: Made) -> None:
    """What 1101 leaves at the centre: for an hour this terminal may settle for these people, each
    visit once."""
    given = [
        {
            "ec_token": _token(number),
            "auth_no": _auth_no(number),
            "terminal": TERMINAL,
            "means": str(Means.CARD),
            "psn_no": FOLK[number % len(FOLK)].psn_no,
            "at_ms": time.time_ns() // 1_000_000,
            "holder": FOLK[number % len(FOLK)].psn_no,
            "used_by": "",
            "proved": 0,
        }
        for number in range(1, NAMED_MAX + 1)
    ]
    with made.store.begin() as conn:
        conn.execute(tokens.delete())
        conn.execute(tokens.insert(), given)


def _token(number: int) -> str:
    return f"bench-{number:09d}"


def _auth_no(number: int) -> str:
    return f"AUTH-bench-{number:09d}"


def scribe_of(keys: FileKeys, store: Store, centre: CentreKeys) -> Scribe:
    """A scribe at the head of this store."""
    trusted = TrustedCentre(
        TERMINAL,
        store.head.epoch,
        centre.verifier,
        keys.opener,
        checkpoint=store.checkpoint,
        last_number=store.last_number,
        answered_seq=store.answered_seq,
    )
    return Scribe(SETTINGS, store.head.epoch, os.urandom(16), keys, centre, trusted)


def fill(
    path: Path, keys: FileKeys, made: Made, count: int, epoch: int, *, small: bool = False
) -> float:
    """A fresh ledger with `count` records that wait for their answer; seconds it took. `small`: of
    about 500 B instead of a real bill's 2.3 kB."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    assert made.policy is not None
    drafts = Drafts(f"E{epoch}", count, policy_hash=policy.document_hash(made.policy.read_bytes()))
    began = time.perf_counter()
    store = Store(path, keys.locker, new_epoch=epoch)
    try:
        centre = CentreKeys(made.keys.verifier, made.keys.sealer)
        scribe = scribe_of(keys, store, centre)
        while store.head.seq < count:
            batch = min(FILL_AT_ONCE, count - store.head.seq)
            drawn = [drafts.next() for _ in range(batch)]
            if small:
                drawn = [replace(one, body={"bill_no": SMALL}) for one in drawn]
            commit_turn([Append(one) for one in drawn], scribe, store)
    finally:
        store.close()
    return time.perf_counter() - began


def envelopes(path: Path, keys: FileKeys, made: Made) -> list[bytes]:
    """The payloads in which the records of this ledger travel."""
    from edge.wire.envelope import split

    store = Store(path, keys.locker)
    try:
        scribe = scribe_of(keys, store, CentreKeys(made.keys.verifier, made.keys.sealer))
        sizes = [entry.size for entry in store.restore().pending]
        return [
            scribe.envelope(first, store.records(first, last)) for first, last in split(sizes, 1)
        ]
    finally:
        store.close()
