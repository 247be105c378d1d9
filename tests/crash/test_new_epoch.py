"""`facepay ledger new-epoch`: nothing is deleted, no number comes twice, and what is no record goes
on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.core.books import bills, days, tasks
from edge.core.effects import Save
from edge.core.limits import Outage, Want, decide
from edge.core.parts.witness import Introduced, Rolled
from edge.core.site import Contact
from edge.core.types import (
    BillState,
    BillStatus,
    Closing,
    Now,
    Outcome,
    Refusal,
    Task,
    TaskStatus,
)
from edge.drivers.store import Batch, epoch, sqlite
from edge.drivers.store.epoch import begin
from edge.errors import EdgeError
from sim.dice import SeededDice
from sim.world.chain import Chain
from tests.flows.kit import SETTINGS, bill, policy

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


def test_what_staff_must_do_and_whom_it_blocks_outlives_the_epoch(card: Card) -> None:
    """A refund that a patient waits for, and a debt: neither is gone with the old ledger."""
    refund = Task("t1", "difference", TaskStatus.OPEN, 1, 1, 1, 9, due_fen=-500, epoch=7, seq=1)
    debt = Task("t2", "receivable", TaskStatus.CLOSING, 1, 2, 2, 9, due_fen=700, epoch=7, seq=2,
                person="p-key", closing=Closing("collected", 700, "op", seq=3))  # fmt: skip
    done = Task("t3", "suspect", TaskStatus.CLOSED, 1, 3, 3, 9)
    store = card.open()
    store.commit(Batch(saves=tuple(
        Save(tasks.TASK_SPACE, one.task_id, msgspec.json.encode(one)) for one in (refund, debt, done)
    )))  # fmt: skip
    store.close()
    card.begin()
    store = card.open()
    desk = tasks.Tasks(store.restore(bills.keep).docs, SeededDice(1))
    store.close()
    assert [one.task_id for one in desk.listed()] == ["t1", "t2"]
    assert desk.get("t1") == refund
    assert desk.get("t2").status is TaskStatus.OPEN, "its closing is in a chain without an answer"
    assert desk.blocked == {"p-key"}


def test_the_day_of_the_new_epoch_can_still_agree_with_the_centre(card: Card) -> None:
    row = days.Row("20260102", "m1", "s1", "d1", "p1", "11", "310", "510100", False, 100, 60, 0, 0)
    store = card.open()
    store.commit(Batch(saves=(
        Save(days.DAY_SPACE, "20260101", msgspec.json.encode(days.Day("20260101", final=True))),
        Save(days.ROW_SPACE, "m1", msgspec.json.encode(row)),
    )))  # fmt: skip
    store.close()
    card.begin()
    store = card.open()
    book = days.DayBook(store.restore(bills.keep).docs, SETTINGS)
    store.close()
    assert book.row("m1") == row and book.first() == "20260101"


def test_a_new_epoch_in_an_outage_promises_nothing_before_the_centre_has_spoken(card: Card) -> None:
    """Or every new epoch would stretch the caps of one outage by a whole outage more."""
    word = Contact(contact_utc_ms=5_000, floor_utc_ms=6_000, attested_utc_ms=4_000)
    store = card.open()
    store.commit(Batch(saves=(Save("meta", "centre", msgspec.json.encode(word)),)))
    store.close()
    card.begin()
    store = card.open()
    kept = msgspec.json.decode(store.restore(bills.keep).docs["meta"]["centre"], type=Contact)
    store.close()
    assert kept == Contact(contact_utc_ms=0, floor_utc_ms=6_000, attested_utc_ms=4_000)
    outage = Outage(contact_utc_ms=kept.contact_utc_ms, attested_utc_ms=kept.attested_utc_ms)
    want = Want(kind="settle", total_fen=100, online=False, fund_fen=0, person="p")
    no = decide(want, policy("P1"), outage, Now(7_000, 1, 1))
    assert isinstance(no, Refusal) and no.detail["cap"] == "hours"


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


@pytest.mark.parametrize("step", ["_make", "_settle", "sync_folder", "link", "replace"])
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
