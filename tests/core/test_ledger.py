"""What waits for its answer, and the rule of the chain."""

from __future__ import annotations

import hashlib

import pytest

from edge.core.events import Appended
from edge.core.sync.ledger import Ledger, extend, first_head
from edge.core.types import Answer, Credit, Draft, Entry, Head, Mode, Now, Outcome, Restored, Result
from edge.errors import EdgeError


def ledger(
    answered_seq: int = 0, head_seq: int = 0, outcomes: dict[int, Outcome] | None = None
) -> Ledger:
    pending = tuple(
        Entry(
            seq,
            bytes([seq]) * 16,
            "settle",
            Mode.PROVISIONAL,
            100 + seq,
            {},
            (outcomes or {}).get(seq),
        )
        for seq in range(answered_seq + 1, head_seq + 1)
    )
    return Ledger(Restored(Head(1, head_seq, bytes(32)), answered_seq, pending, {}))


def append(book: Ledger, mode: Mode = Mode.ONLINE) -> Entry:
    seq = book.head.seq + 1
    draft = Draft(
        bytes([seq]) * 16, "settle", mode, {}, {"bill_id": f"b{seq}"}, bytes(32), Now(0, 0)
    )
    return book.appended(Appended(seq, draft.txid, hashlib.sha256(draft.txid).digest(), 700), draft)


def answer(*seqs: int, outcome: Outcome = Outcome.SETTLED) -> Answer:
    results = tuple(Result(seq, outcome, {}, b"") for seq in seqs)
    return Answer(1, 1, max(seqs, default=0), bytes(32), results, 0, Credit(), 0, bytes(32))


def test_an_appended_record_is_the_head_and_waits():
    book = ledger()
    entry = append(book)
    assert (entry.seq, entry.local, entry.size) == (1, {"bill_id": "b1"}, 700)
    assert book.head == Head(1, 1, hashlib.sha256(entry.txid).digest())
    assert book.pending == book.undecided == (entry,)
    assert book.entry(1) == entry


def test_a_decision_is_news_once_and_the_first_stands():
    book = ledger(0, 2)
    ((entry, result),) = book.answered(answer(1))
    assert (entry.seq, entry.outcome, result.seq) == (1, Outcome.SETTLED, 1)
    assert book.answered(answer(1, outcome=Outcome.REJECTED)) == ()
    assert book.answered_seq == 1


def test_a_hole_holds_the_answered_number_back():
    book = ledger(0, 4)
    assert [entry.seq for entry, _ in book.answered(answer(2, 4))] == [2, 4]
    assert book.answered_seq == 0
    assert [entry.seq for entry in book.undecided] == [1, 3]
    assert book.answered(answer(2, outcome=Outcome.REJECTED)) == ()
    book.answered(answer(1))
    assert book.answered_seq == 2
    book.answered(answer(3))
    assert (book.answered_seq, book.pending) == (4, ())


def test_an_answer_without_results_answers_nothing():
    book = ledger(0, 3)
    said = Answer(1, 1, 3, bytes(32), (), 0, Credit(), 0, bytes(32))
    assert book.answered(said) == ()
    assert book.answered_seq == 0


def test_only_undecided_provisional_records_count_against_the_limits():
    book = ledger(0, 3)
    append(book, Mode.ONLINE)
    book.answered(answer(2))
    assert [entry.seq for entry in book.provisional] == [1, 3]


def test_a_restart_goes_on_where_it_stopped():
    book = ledger(5, 8, {7: Outcome.SETTLED})
    assert book.sizes() == [106, 107, 108]
    assert [entry.seq for entry in book.undecided] == [6, 8]
    book.answered(answer(6))
    assert book.answered_seq == 7


def test_pending_with_a_gap_is_our_mistake():
    whole = ledger(0, 3).pending
    with pytest.raises(AssertionError):
        Ledger(Restored(Head(1, 3, bytes(32)), 0, (whole[0], whole[2]), {}))


def test_an_append_out_of_order_or_of_another_draft_is_our_mistake():
    book = ledger(0, 3)
    draft = Draft(b"x" * 16, "settle", Mode.ONLINE, {}, {}, bytes(32), Now(0, 0))
    with pytest.raises(AssertionError):
        book.appended(Appended(5, draft.txid, bytes(32), 1), draft)
    with pytest.raises(AssertionError):
        book.appended(Appended(4, b"y" * 16, bytes(32), 1), draft)


def test_the_chain_grows_by_one_and_by_the_hash():
    one = extend(first_head(7), 1, bytes(32), b"first")
    assert one == Head(7, 1, hashlib.sha256(b"first").digest())
    two = extend(one, 2, one.hash, b"second")
    assert two.seq == 2
    for seq, prev in ((3, two.hash), (1, one.hash), (2, bytes(32)), (2, two.hash)):
        with pytest.raises(EdgeError, match="E-STO-05"):
            extend(one, seq, prev, b"x")
