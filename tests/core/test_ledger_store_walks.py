"""The core's ledger beside the real store: whatever is appended, answered, cut and restarted, both say the same."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from edge.core.effects import Save
from edge.core.events import Appended
from edge.core.sync.ledger import Ledger
from edge.core.types import Draft, Now
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from sim.world.chain import Chain


class Walk(RuleBasedStateMachine):
    """Model: the rows, the decided numbers and the documents as committed; one open batch that a cut may lose."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.chain = Chain(epoch=1)
        self.dice = random.Random(1)
        self.rows, self.decided, self.docs, self.number = [], set(), {}, 0
        self.store = self.open()
        self.ledger = Ledger(self.store.restore())

    def open(self) -> Driver:
        return Driver(
            Path(self.folder.name) / "ledger.db", self.chain.locker, reserve_bytes=0, new_epoch=1
        )

    @rule(
        count=st.integers(0, 4),
        key=st.sampled_from("abc"),
        value=st.one_of(st.none(), st.binary(max_size=40)),
    )
    def commit(self, count, key, value):
        rows = tuple(self.chain.row(50) for _ in range(count))
        self.store.commit(Batch(rows=rows, saves=(Save("meta", key, value),)))
        for row in rows:
            draft = Draft(row.txid, row.kind, row.mode, {}, row.local, bytes(32), Now(0, 0))
            self.ledger.appended(Appended(row.seq, row.txid, row.hash, len(row.data)), draft)
        self.rows += rows
        self.docs[key] = value

    @precondition(lambda self: self.rows)
    @rule(first=st.integers(0, 60), picks=st.sets(st.integers(0, 6), max_size=4))
    def answer(self, first, picks):
        low = first % len(self.rows) + 1
        seqs = sorted({min(low + pick, len(self.rows)) for pick in picks})
        self.number += 1
        answer = self.chain.answer(self.number, *seqs)
        self.store.commit(Batch(answers=(answer,)))
        news = [entry.seq for entry, _ in self.ledger.answered(answer)]
        assert news == [seq for seq in seqs if seq not in self.decided]
        self.decided |= set(seqs)

    @rule()
    def a_batch_that_breaks_the_chain_does_nothing(self):
        stranger = Chain(epoch=1, seed=self.dice.randrange(10**9))
        stranger.head = self.chain.head
        good = stranger.row(50)
        bad = Chain(epoch=1).row(50)
        try:
            self.store.commit(Batch(rows=(good, bad), saves=(Save("meta", "a", b"never"),)))
        except Exception as error:
            assert "E-STO-05" in str(error)
        else:
            raise AssertionError("a broken chain was committed")

    @rule(idle=st.booleans())
    def restart(self, idle):
        if idle:
            assert self.store.checkpoint_wal()
        self.store.close()
        self.store = self.open()
        self.ledger = Ledger(self.store.restore())

    @invariant()
    def both_say_the_same(self):
        answered = 0
        while answered + 1 in self.decided:
            answered += 1
        assert self.store.head == self.ledger.head == self.chain.head
        assert self.store.answered_seq == self.ledger.answered_seq == answered
        assert [entry.seq for entry in self.ledger.undecided] == [
            row.seq for row in self.rows if row.seq not in self.decided
        ]
        assert self.store.last_number == self.number
        for key, value in self.docs.items():
            assert self.store.doc("meta", key) == value

    def teardown(self):
        assert self.store.records(1, len(self.rows)) == [row.data for row in self.rows]
        assert self.store.verify_chain() == len(self.rows)
        assert {row.seq for row in self.rows if self.store.result(row.seq)} == self.decided
        self.store.close()
        self.folder.cleanup()


def test_ledger_and_store_never_differ():
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, database=None
        ),
    )
