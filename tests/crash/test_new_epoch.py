"""`facepay ledger new-epoch`: nothing is deleted, no number comes twice, and what is no record goes
on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.core.books import bills
from edge.core.effects import Save
from edge.core.parts.witness import Introduced, Rolled
from edge.core.types import BillState, BillStatus, Outcome
from edge.drivers.store import Batch, epoch, sqlite
from edge.drivers.store.epoch import begin
from edge.errors import EdgeError
from sim.world.chain import Chain
from tests.flows.kit import bill

NOW_S = 1_800_000_000


class Card:
    """A ledger of three records, the first two answered, with everything that may lie beside them."""

    def __init__(self, folder: Path) -> None:
        self.path, self.chain = folder / "ledger.db", Chain(epoch=7)
        store = self.open()
        waiting = BillState("b9", bill(number="N9"), BillStatus.WAITING, 1, 1, 1)
        signed = BillState("b8", bill(number="N8"), BillStatus.PROVISIONAL, 1, 1, 1, seq=3)
        saves = (
            Save("policy", "current", b"doc"),
            Save("counter", "msgid", b"42"),
            Save("idem", "k", b"answer"),
            Save("meta", "centre", b"{}"),
            Save("meta", "witness", msgspec.json.encode(Introduced("u1"))),
            Save("meta", "rollback", msgspec.json.encode(Rolled("E-ROL-01", 7))),
            Save("bill", "b9", bills.encode(waiting)),
            Save("bill", "b8", bills.encode(signed)),
        )
        rows = tuple(self.chain.row() for _ in range(3))
        store.commit(Batch(rows=rows, saves=saves))
        self.answer = self.chain.answer(1, 1, 2)
        store.commit(Batch(answers=(self.answer,)))
        store.close()

    def open(self) -> sqlite.Driver:
        return sqlite.Driver(self.path, self.chain.locker, reserve_bytes=0, new_epoch=7)

    def begin(self, *, lose: bool = True, now_s: int = NOW_S) -> epoch.Begun:
        return begin(self.path, self.chain.locker, lose=lose, now_s=now_s)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_a_new_epoch_has_fresh_numbers_and_keeps_the_old_file_as_it_was(card: Card) -> None:
    begun = card.begin()
    assert (begun.epoch, begun.old_epoch, begun.old_seq, begun.unanswered) == (NOW_S, 7, 3, 1)
    store = card.open()
    assert (store.head.epoch, store.head.seq) == (NOW_S, 0)
    store.close()
    kept = sqlite.Driver(begun.kept, card.chain.locker, reserve_bytes=0)
    assert (kept.head.epoch, kept.head.seq, kept.verify_chain()) == (7, 3, 3)
    assert kept.result(2) is not None and kept.result(2).outcome is Outcome.SETTLED
    kept.close()


def test_an_epoch_never_goes_back_also_under_a_clock_that_does(card: Card) -> None:
    assert card.begin(now_s=5).epoch == 8
    assert card.begin(now_s=5).epoch == 9


def test_what_is_no_record_goes_on_and_the_reason_stays_behind(card: Card) -> None:
    card.begin()
    store = card.open()
    docs = store.restore(lambda _space, _value: True).docs
    store.close()
    assert docs["policy"] == {"current": b"doc"}
    assert docs["counter"] == {"msgid": b"42"} and docs["idem"] == {"k": b"answer"}
    assert set(docs["meta"]) == {"centre", "witness"}
    assert set(docs["bill"]) == {"b9"}, "a bill that was signed belongs to its record"


def test_the_centres_log_goes_on_from_the_checkpoint_that_was_accepted(card: Card) -> None:
    card.begin()
    store = card.open()
    assert store.last_number == card.answer.number
    assert store.checkpoint == (card.answer.tree_size, card.answer.root)
    store.close()


def test_records_without_an_answer_are_not_left_behind_by_accident(card: Card) -> None:
    before = card.path.read_bytes()
    with pytest.raises(EdgeError, match=r"E-ROL-06.*1 records"):
        card.begin(lose=False)
    assert card.path.read_bytes() == before
    assert not list(card.path.parent.glob("*epoch*"))


def test_a_running_agent_is_not_robbed_of_its_ledger(card: Card) -> None:
    store = card.open()
    with pytest.raises(EdgeError, match="E-STO-04"):
        card.begin()
    store.close()


def test_without_a_ledger_there_is_nothing_to_leave(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="E-ROL-05"):
        begin(tmp_path / "none.db", Chain(epoch=1).locker, lose=True)


@pytest.mark.parametrize("step", ["_make", "_settle", "_sync", "link", "replace"])
def test_cut_off_at_any_step_there_is_a_whole_ledger_and_nothing_is_lost(
    card: Card, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise InterruptedError(step)

    where = {"link": epoch.os, "replace": Path}.get(step, epoch)
    with monkeypatch.context() as patch:
        patch.setattr(where, step, cut)
        with pytest.raises(InterruptedError):
            card.begin()
    store = card.open()
    assert (store.head.epoch, store.head.seq) in ((7, 3), (NOW_S, 0))
    store.close()
    if store.head.epoch == 7:
        assert card.begin(now_s=NOW_S + 1).old_seq == 3
    else:
        (kept,) = card.path.parent.glob("ledger-epoch-7-*.db")
        old = sqlite.Driver(kept, card.chain.locker, reserve_bytes=0)
        assert old.verify_chain() == 3
        old.close()
