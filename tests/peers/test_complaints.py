"""What users of other products complain about (PEERS §1.2), row by row: here it does not happen."""

from __future__ import annotations

import pytest

from edge.core.effects import Save, Settle
from edge.core.types import FINAL, BillStatus
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from sim.world import terminal as virtual_terminal
from sim.world.time import HOUR_MS, MINUTE_MS, SECOND_MS
from tests.peers.kit import clinic

DONE = ("settled", "adjusted")


def test_an_offline_payment_is_never_shown_as_paid_and_it_arrives() -> None:
    """stripe-ios#261: shown as success, never arrives."""
    with clinic() as one:
        with one.offline():
            state = one.serves("C-1")
            assert state.status is BillStatus.PROVISIONAL
            names = {show.name for show in one.screens if show.visit}
            assert "provisional" in names
            assert "settled" not in names
            assert one.settled() == {}
        assert one.state(state.bill_id).status in DONE
        one.once("C-1")


def test_what_waits_goes_out_by_itself_as_soon_as_the_network_is_back() -> None:
    """stripe-android#485: forwarded late, or only after the app was restarted. (Forcing it:
    `facepay sync --now`, tests/agent/test_by_hand.py.)"""
    with clinic() as one:
        with one.offline():
            ids = [one.serves(f"C-{number}").bill_id for number in range(2)]
            boots = one.device.boots
        assert one.device.boots == boots, "nobody restarted anything"
        assert [one.state(bill_id).status in DONE for bill_id in ids] == [True, True]
        assert one.device.terminal.status(one.device.now())["waiting"] == 0
        one.once("C-0", "C-1")


def test_after_an_outage_new_payments_are_served_as_before_it() -> None:
    """stripe-ios#355: after going offline every new payment fails for good."""
    with clinic() as one:
        assert one.serves("C-0").status in DONE
        for round_ in range(3):
            with one.offline():
                one.waits(HOUR_MS)
            assert one.serves(f"C-{round_ + 1}").status in DONE
        one.once(*(f"C-{number}" for number in range(4)))


def test_a_cold_start_without_a_network_serves_patients() -> None:
    """stripe-android#602, RN#668, RN#1098, KubeEdge: cannot start or connect while offline."""
    with clinic() as one:
        with one.offline():
            one.pull_the_plug()
            assert one.device.alive
            state = one.serves("C-1")
            assert state.status is BillStatus.PROVISIONAL
        assert one.state(state.bill_id).status in DONE
        one.once("C-1")


def test_an_upgrade_of_the_program_keeps_offline_acceptance_on() -> None:
    """stripe-ios#275: an upgrade silently turned offline off. What counts is the signed policy in the
    ledger, not a switch of the program: a new start without any file beside it goes on with it."""
    with clinic() as one:
        one.device.first_policy = b""  # the new program finds nothing but the ledger
        with one.offline():
            one.pull_the_plug()
            assert one.device.terminal.status(one.device.now())["policy"]["profile"] == "P1"
            assert one.serves("C-1").status is BillStatus.PROVISIONAL
        one.once("C-1")


def test_a_lost_reply_and_a_second_try_make_one_payment() -> None:
    """odoo#152259, #108518, PR 40600, POSNext#50, #97, erpnext#12971: duplicates after reconnect."""
    with clinic() as one:
        first = one.bill("C-1", key="his-1")
        assert one.bill("C-1", key="his-1") == first  # the reply was lost: the same key again
        state = one.state(first)
        again = one.post(state.bill, "his-2")  # another tab, another key, the same bill
        assert (again.status, again.body["code"]) == (409, "E-HIS-08")
        one.waits(3 * MINUTE_MS)
        one.pull_the_plug()
        assert one.bill("C-1", key="his-1") == first
        assert one.state(first).status in DONE
        one.once("C-1")


def test_two_programs_on_one_ledger_are_refused() -> None:
    """The other way to duplicates: two tabs, two agents."""
    with clinic() as one:
        with pytest.raises(EdgeError, match="E-STO-04"):
            Store(one.device.path, one.device.keys.locker, reserve_bytes=0, vfs=one.device.disk.name)
        assert one.serves("C-1").status in DONE


def test_no_two_bills_records_or_message_ids_get_the_same_number() -> None:
    """odoo#71455: two orders with the same number, and one vanishes."""
    with clinic() as one:
        with one.offline():
            one.serves("C-1")
            one.pull_the_plug()
            one.serves("C-2")
        one.pull_the_plug()
        one.serves("C-3")
        store = one.device.store
        states = [one.state(one.device.terminal.numbered(f"C-{n}")) for n in (1, 2, 3)]
        assert len({state.bill_id for state in states}) == 3
        seqs = [state.seq for state in states]
        assert seqs == sorted(set(seqs))
        assert store.verify_chain() == store.head.seq
        ids = [row[0] for row in one.settled().values()]
        assert len(set(ids)) == 3
        one.once("C-1", "C-2", "C-3")


def test_no_receipt_is_shown_for_what_the_back_end_does_not_have(monkeypatch) -> None:
    """odoo#60939, #51217, #22766, erpnext#11745, #11461: a printed receipt and no record. A settled
    screen needs the centre's receipt on the disk; the world sees a program that cheats."""
    with clinic() as one:
        state = one.serves("C-1")
        assert state.status in DONE
        assert one.device.store.result(state.seq) is not None
        one.once("C-1")

    honest = virtual_terminal.commit_turn

    def careless(effects, scribe, store):
        return honest([one for one in effects if not isinstance(one, Settle)], scribe, store)

    monkeypatch.setattr(virtual_terminal, "commit_turn", careless)
    with clinic() as one:
        one.serves("C-2")
        assert any("receipt" in said for said in one.time.violations)


def test_a_paid_bill_never_goes_back(monkeypatch) -> None:
    """odoo PR 288974: a paid order turns back to draft when another device syncs or the page
    reloads."""
    with clinic() as one:
        state = one.serves("C-1")
        assert state.status in DONE
        for _ in range(3):  # reloads: power, network, the same request again
            one.pull_the_plug()
            with one.offline():
                one.waits(MINUTE_MS)
            assert one.bill("C-1") == state.bill_id
            now = one.state(state.bill_id)
            assert (now.status, now.setl_id) == (state.status, state.setl_id)
            assert now.version >= state.version
        one.once("C-1")


def test_one_record_that_the_centre_cannot_take_does_not_hold_up_the_rest(monkeypatch) -> None:
    """erpnext#11000, PR 11230: one poison record blocks all the rest."""
    from sim.centre import intake

    honest = intake.decide

    def breaks(turn, header, mark):
        if header.seq == 1:
            raise LookupError("a bug of the centre, met by one record only")
        return honest(turn, header, mark)

    monkeypatch.setattr(intake, "decide", breaks)
    with clinic() as one:
        poison = one.serves("C-1")
        good = one.serves("C-2")
        assert good.status in DONE
        assert poison.status not in DONE
        assert one.state(poison.bill_id).status in FINAL | {BillStatus.CONFIRMING}
        assert one.device.store.answered_seq == one.device.store.head.seq
        assert set(one.settled()) == {"C-2"}


def test_what_is_pending_when_the_clinic_closes_is_named_and_lands_on_its_own_day() -> None:
    """odoo#203431: pending orders missed at session close, and found in the next day."""
    with clinic() as one:
        settled = one.serves("C-0")
        with one.offline():
            waiting = one.serves("C-1")
            status = one.device.terminal.status(one.device.now())
            assert (status["provisional"], status["waiting"]) == (1, 1)
            one.device.stop()  # the clinic closes with a record in the queue
            one.waits(20 * HOUR_MS)  # past midnight at the place of care
            one.device.boot()
            one.waits(30 * SECOND_MS)
            assert one.state(waiting.bill_id).status is BillStatus.PROVISIONAL
        late = one.state(waiting.bill_id)
        assert late.status in DONE
        days = one.device.terminal._site.days
        where = {
            row.bill_id: day for day in ("20260101", "20260102") for row in days.rows(day)
        }
        # Each in the day of its decision and in no other; a day that agrees with the centre's books
        # has let go of its lines.
        assert where.get(settled.bill_id, "20260101") == "20260101"
        assert where[late.bill_id] == "20260102"
        one.once("C-0", "C-1")


def test_a_forgotten_key_would_be_seen(monkeypatch) -> None:
    """Must fail: a terminal that forgets which requests it has had makes two bills of one."""
    honest = virtual_terminal.commit_turn

    def forgetful(effects, scribe, store):
        kept = [one for one in effects if not (isinstance(one, Save) and one.space == "idem")]
        return honest(kept, scribe, store)

    monkeypatch.setattr(virtual_terminal, "commit_turn", forgetful)
    with clinic() as one:
        first = one.bill("C-1", key="his-1")
        one.pull_the_plug()
        assert one.post(one.state(first).bill, "his-1").body.get("bill_id") != first
