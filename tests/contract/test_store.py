"""What every store driver promises. A new driver is picked up by its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import loader
from edge.core.effects import Save
from edge.core.types import Outcome
from edge.drivers.keys.file import AesLocker
from edge.drivers.store import NEWEST, Batch
from edge.errors import EdgeError
from sim.world.chain import Chain

DRIVERS = loader.choices("store")


def test_there_is_a_store_driver():
    assert "sqlite" in DRIVERS


@pytest.fixture(params=DRIVERS)
def shelf(request, tmp_path):
    return Shelf(loader.load("store", request.param), tmp_path / "ledger.db")


class Shelf:
    """A store that can be closed and opened again, and the chain it holds."""

    def __init__(self, driver, path: Path) -> None:
        self.driver, self.path, self.chain = driver, path, Chain(epoch=7)
        self.rows = []
        self.store = self.open()

    def open(self):
        return self.driver(self.path, self.chain.locker, reserve_bytes=0, new_epoch=7)

    def again(self):
        self.store.close()
        self.store = self.open()
        return self.store

    def put(self, count: int = 1, **batch) -> int:
        rows = tuple(self.chain.row() for _ in range(count))
        self.rows += rows
        return self.store.commit(Batch(rows=rows, **batch))


def test_what_was_committed_is_there_after_a_restart(shelf):
    shelf.put(3, saves=(Save("bill", "b1", b"one"), Save("meta", "m", b"two")))
    shelf.put(1, answers=(shelf.chain.answer(1, 1, 2),), saves=(Save("meta", "m", b"three"),))
    restored = shelf.again().restore()
    assert restored.head == shelf.chain.head
    assert restored.answered_seq == 2
    assert [entry.seq for entry in restored.pending] == [3, 4]
    assert restored.pending[0].local == {"bill_id": "b3", "amount_fen": 3}
    assert restored.docs == {"bill": {"b1": b"one"}, "meta": {"m": b"three"}}


def test_records_come_back_as_the_same_bytes(shelf):
    shelf.put(5)
    assert shelf.store.records(2, 4) == [row.data for row in shelf.rows[1:4]]
    assert shelf.again().records(1, 5) == [row.data for row in shelf.rows]
    assert shelf.store.records(6, 5) == []
    assert shelf.store.record_hash(3) == shelf.rows[2].hash
    assert shelf.store.record_hash(6) is None


def test_an_answer_keeps_result_receipt_and_checkpoint(shelf):
    shelf.put(2)
    answer = shelf.chain.answer(9, 1)
    shelf.store.commit(Batch(answers=(answer,)))
    for reopen in (False, True):
        store = shelf.again() if reopen else shelf.store
        found = store.result(1)
        assert (found.outcome, found.receipt) == (Outcome.SETTLED, b"receipt 1")
        assert found.body == {"setlinfo": {"setl_id": "s1"}}
        assert store.result(2) is None
        assert store.checkpoint == (answer.tree_size, answer.root)
        assert store.last_number == 9


def test_the_first_decision_stands(shelf):
    shelf.put(1)
    shelf.store.commit(Batch(answers=(shelf.chain.answer(1, 1),)))
    again = shelf.chain.answer(2, 1)
    changed = again.results[0].__class__(1, Outcome.REJECTED, {}, b"other")
    shelf.store.commit(
        Batch(
            answers=(
                again.__class__(2, 7, 1, bytes(32), (changed,), 0, again.credit, 5, bytes(32)),
            )
        )
    )
    assert shelf.store.result(1).outcome is Outcome.SETTLED
    assert shelf.store.last_number == 2


def test_a_hole_in_the_answers_holds_the_answered_number_back(shelf):
    shelf.put(4)
    shelf.store.commit(Batch(answers=(shelf.chain.answer(1, 1, 3, 4),)))
    restored = shelf.again().restore()
    assert restored.answered_seq == 1
    assert [(e.seq, e.outcome) for e in restored.pending] == [
        (2, None),
        (3, Outcome.SETTLED),
        (4, Outcome.SETTLED),
    ]
    shelf.store.commit(Batch(answers=(shelf.chain.answer(2, 2),)))
    assert shelf.store.restore().answered_seq == 4


def test_a_batch_that_fails_left_nothing_behind(shelf):
    shelf.put(1, saves=(Save("meta", "m", b"before"),))
    good, skipped, late = shelf.chain.row(), shelf.chain.row(), shelf.chain.row()
    with pytest.raises(EdgeError, match="E-STO-05"):
        shelf.store.commit(Batch(rows=(good, late), saves=(Save("meta", "m", b"after"),)))
    assert shelf.store.head.seq == 1
    assert shelf.store.doc("meta", "m") == b"before"
    shelf.store.commit(Batch(rows=(good, skipped, late)))
    assert shelf.again().restore().head == shelf.chain.head


def test_a_document_can_be_replaced_and_removed(shelf):
    shelf.store.commit(Batch(saves=(Save("idem", "k", b"1"), Save("idem", "l", b"1"))))
    shelf.store.commit(Batch(saves=(Save("idem", "k", b"2"), Save("idem", "l", None))))
    assert shelf.store.doc("idem", "k") == b"2"
    assert shelf.again().restore().docs == {"idem": {"k": b"2"}}
    assert shelf.store.doc("idem", "l") is None


def test_restore_is_bounded_but_keeps_what_is_still_open(shelf):
    many = NEWEST["bill"] + 50
    for number in range(many):
        value = b"open" if number == 3 else b"final"
        shelf.store.commit(Batch(saves=(Save("bill", f"b{number:04}", value),)))
    assert shelf.again().restore().docs["bill"]["b0249"] == b"final"
    docs = shelf.store.restore(keep=lambda space, value: space == "bill" and value == b"open").docs[
        "bill"
    ]
    assert list(docs) == ["b0003", *(f"b{n:04}" for n in range(50, many))]
    assert next(iter(shelf.store.restore().docs["bill"])) == "b0050"
    assert shelf.store.doc("bill", "b0001") == b"final"


def test_an_old_document_that_is_finished_at_last_is_not_kept_any_longer(shelf):
    def keep(space, value):
        return value == b"open"

    shelf.store.restore(keep)
    for number in range(NEWEST["bill"] + 2):
        shelf.store.commit(
            Batch(saves=(Save("bill", f"b{number:04}", b"open" if number < 2 else b"final"),))
        )
    assert list(shelf.again().restore(keep).docs["bill"])[:2] == ["b0000", "b0001"]
    shelf.store.commit(Batch(saves=(Save("bill", "b0000", b"final"),)))  # now the newest of all
    docs = shelf.again().restore(keep).docs["bill"]
    assert next(iter(docs)) == "b0001"
    assert list(docs)[-1] == "b0000"
    assert len(docs) == NEWEST["bill"] + 1


def test_a_second_process_is_told_so(shelf):
    with pytest.raises(EdgeError, match="E-STO-04"):
        shelf.open()
    shelf.put(1)  # and the first one does not mind
    assert shelf.store.restore().head.seq == 1


def test_what_stays_on_the_terminal_is_not_readable_on_the_disk(shelf):
    shelf.put(1, saves=(Save("bill", "b1", b"canary-document"),))
    shelf.store.close()
    on_disk = b"".join(path.read_bytes() for path in shelf.path.parent.iterdir())
    assert b"canary-document" not in on_disk
    assert b"amount_fen" not in on_disk
    assert shelf.rows[0].data[:64] in on_disk  # the search itself works


def test_another_device_key_opens_nothing(shelf):
    shelf.put(1, saves=(Save("bill", "b1", b"x"),))
    shelf.store.close()
    other = shelf.driver(shelf.path, AesLocker(bytes(32)), reserve_bytes=0)
    with pytest.raises(EdgeError, match="E-KEY-05"):
        other.restore()
    other.close()


def test_the_whole_chain_can_be_walked(shelf):
    shelf.put(40)
    assert shelf.store.verify_chain() == 40
    assert shelf.store.checkpoint_wal()
    assert shelf.again().verify_chain() == 40


def test_a_closed_store_refuses_politely(shelf):
    shelf.store.close()
    shelf.store.close()
    with pytest.raises(EdgeError, match="E-STO-02"):
        shelf.store.commit(Batch(saves=(Save("meta", "m", b""),)))
