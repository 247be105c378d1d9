"""Must fail: one-line bugs that the hunt has to see, or its silence would prove nothing."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core.books import dialects
from edge.core.books.bills import Book
from edge.core.books.tasks import Tasks
from edge.core.effects import Save, Settle
from edge.core.sync.outbox import Outbox
from edge.core.types import BillStatus
from edge.drivers.store.sqlite import Driver
from edge.suites.es256 import Es256Verifier
from edge.turn import commit_turn
from edge.wire.log.trusted import TrustedCentre
from sim import hunt, invariants
from sim.centre import intake
from sim.centre.books import policy
from sim.hunt import Order
from sim.world import terminal as virtual_terminal

SEEDS = 40


def broken_by(
    *only: str, days: float = 0.4, seeds: int = SEEDS, first: int = 1
) -> frozenset[str]:
    """The promises that the first failing seed broke under these faults."""
    for seed in range(first, first + seeds):
        report = hunt.run(Order(seed, days, only))
        if not report.ok:
            assert hunt.broken(report) <= set(invariants.NAMES)
            return hunt.broken(report)
    return frozenset()


def test_the_hunt_sees_a_record_that_is_acknowledged_before_its_fsync(monkeypatch):
    real = Driver._open

    def careless(self, *arguments):
        real(self, *arguments)
        self._db.pragma("synchronous", "off")

    monkeypatch.setattr(Driver, "_open", careless)
    assert broken_by("power_cut") & {"kept", "starts"}


def test_the_hunt_sees_synchronous_normal(monkeypatch):
    real = Driver._open

    def careless(self, *arguments):
        real(self, *arguments)
        self._db.pragma("synchronous", "normal")

    monkeypatch.setattr(Driver, "_open", careless)
    assert broken_by("power_cut") & {"kept", "starts"}


def test_the_hunt_sees_a_screen_that_is_ahead_of_the_disk(monkeypatch):
    def careless(effects, scribe, store):
        return commit_turn([one for one in effects if not isinstance(one, Settle)], scribe, store)

    monkeypatch.setattr(virtual_terminal, "commit_turn", careless)
    assert "receipt first" in broken_by("delay")


def test_the_hunt_sees_a_key_that_is_forgotten(monkeypatch):
    def forgetful(effects, scribe, store):
        kept = [one for one in effects if not (isinstance(one, Save) and one.space == "idem")]
        return commit_turn(kept, scribe, store)

    monkeypatch.setattr(virtual_terminal, "commit_turn", forgetful)
    monkeypatch.setattr(virtual_terminal, "CUTS", ("after the commit",))
    assert broken_by("power_cut", "slow_disk") & {"one reply", "same bills", "once", "no stray"}


def test_the_hunt_sees_a_lost_answer_that_is_taken_for_a_failure(monkeypatch):
    """What was sent and not answered is served again, with a new id."""
    real = Book._store

    def again(self, state, now):
        if state.status is BillStatus.CONFIRMING:
            state = replace(state, status=BillStatus.WAITING, seq=0)
        return real(self, state, now)

    monkeypatch.setattr(Book, "_store", again)
    assert broken_by("delay", "drop", "power_cut") & {"no stray", "same bills", "once"}


def test_the_hunt_sees_an_outbox_that_believes_a_puback(monkeypatch):
    """Without the going back after silence, what a broker acknowledged and dropped is never sent again."""
    monkeypatch.setattr(Outbox, "_patience_ends", lambda self: 10**12)
    assert "ends" in broken_by("drop")


def test_the_hunt_sees_a_deadline_that_its_own_tick_does_not_move(monkeypatch):
    monkeypatch.setattr(Outbox, "_quiet", lambda self, now: [])
    assert "moves" in broken_by("drop")


def test_the_hunt_sees_an_answer_that_is_believed_unsigned(monkeypatch):
    monkeypatch.setattr(Es256Verifier, "verify", lambda self, kid, alg, message, signature: True)
    assert "noise" in broken_by("corrupt", days=1.0)


def test_the_hunt_sees_a_log_that_may_shrink(monkeypatch):
    monkeypatch.setattr(TrustedCentre, "_forward", lambda self, wire: None)
    monkeypatch.setattr(TrustedCentre, "_consistent", lambda self, *_: True)
    assert broken_by("centre_restored", days=1.0) & {"seen", "ends"}


def test_the_hunt_sees_a_centre_that_does_not_look_at_the_chain(monkeypatch):
    real = intake._placed

    def blind(turn, envelope, seq, data, standing):
        header = real(turn, envelope, seq, data, standing)
        return header or intake.wire.decode(data, turn.counter.verifier_of(turn.terminal))

    monkeypatch.setattr(intake, "_placed", blind)
    # 48: both, the copy and the original, write a record 6
    assert broken_by("stolen_copy", days=0.5, first=46) & {"sound", "centre chain", "seen"}


def test_the_hunt_sees_a_store_that_goes_on_after_an_io_error(monkeypatch):
    monkeypatch.setattr(Driver, "_dead", property(lambda self: "", lambda self, why: None), False)
    assert "halts" in broken_by("disk_error")


def test_the_hunt_sees_a_debt_that_no_staff_is_told_of(monkeypatch):
    """The centre refuses what was provisional, and the work list stays empty."""
    monkeypatch.setattr(policy, "_provisional", lambda *_: "the harness says no")
    assert broken_by("partition", days=1.0, seeds=2) == frozenset()
    monkeypatch.setattr(Tasks, "open", lambda *_, **__: [])
    assert "asked" in broken_by("partition", days=1.0, seeds=8)


def test_the_hunt_sees_a_bill_that_is_told_with_another_fund_part(monkeypatch):
    real = dialects.read

    def generous(form):
        split = real(form)
        more = {"fund_pay_sumamt_fen": split.fund_pay_sumamt_fen + 1}
        return replace(split, **more)

    monkeypatch.setattr(dialects, "read", generous)
    assert "same bills" in broken_by("delay")
