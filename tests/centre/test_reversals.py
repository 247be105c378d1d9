"""2601: idempotent, with a tombstone, exact to the fen, and only for what may be reversed."""

from __future__ import annotations

from typing import Any

import pytest
from kit import NOW, Device, codes_of, make, rows_of

from edge.core.types import Mode, Outcome
from sim.centre import audit
from sim.centre.books import ledgers, statement, store

BILL = [("SYN-A-0001", 30_000)]
DAY = 86_400_000


def reverse(device: Device, omsgid: str, oinfno: str = "2207", psn_no: str = "") -> dict[str, Any]:
    data = {"psn_no": psn_no, "omsgid": omsgid, "oinfno": oinfno}
    identity = {"means": "card", "authNo": "", "psn_no": psn_no, "ecToken": ""}
    return device.body("reverse", [device.call("2601", data=data)], identity, "B1")


def money(centre) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Every account that is not zero and everything that anybody used up."""
    balances = {row["name"]: row["balance_fen"] for row in rows_of(centre, store.accounts)}
    used = [
        row
        for row in rows_of(centre, store.accumulators)
        if any(value for name, value in row.items() if name.endswith("_fen"))
    ]
    return {name: fen for name, fen in balances.items() if fen}, used


def test_a_reversal_takes_back_every_fen_and_frees_the_bill(centre, device, folk):
    before = money(centre)
    body = device.settle(device.who(folk[0]), "B1", BILL)
    msgid = body["plan"][-1]["msgid"]
    assert device.do(body).outcome is Outcome.SETTLED
    assert money(centre) != before
    undone = device.do(reverse(device, msgid, psn_no=folk[0].psn_no), Mode.QUEUED)
    assert undone.outcome is Outcome.SETTLED and undone.body["infcode"] == 0
    assert undone.body["setlinfo"]["hifp_pay"] == "-60.00"
    assert money(centre) == before
    asked = {"psn_no": folk[0].psn_no, "mdtrt_id": "", "msgid": msgid}
    assert device.ask("5203", asked) == (0, {"setlinfo": None})
    again = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    assert again.outcome is Outcome.SETTLED  # a new message, a new settlement


def test_a_second_reversal_is_a_success_with_a_warning(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    device.do(body)
    msgid = body["plan"][-1]["msgid"]
    device.do(reverse(device, msgid))
    before = money(centre)
    twice = device.do(reverse(device, msgid))
    assert twice.outcome is Outcome.SETTLED and twice.body["warn_msg"] == "已冲正"
    assert twice.body["setlinfo"] == {} and money(centre) == before


def test_an_original_that_comes_after_its_reversal_takes_no_effect(centre, device, folk):
    before = money(centre)
    body = device.settle(device.who(folk[0]), "B1", BILL)
    first = device.do(reverse(device, body["plan"][-1]["msgid"]))
    assert first.outcome is Outcome.SETTLED and first.body["setlinfo"] == {}
    late = device.do(body)
    assert (late.outcome, late.body["code"]) == (Outcome.REJECTED, "reversed_before")
    assert money(centre) == before


def test_the_tombstone_holds_for_every_terminal_of_the_institution(tmp_path, folk):
    one, two = Device("T-1"), Device("T-2")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    body = one.settle(one.who(folk[0]), "B1", BILL)
    two.do(reverse(two, body["plan"][-1]["msgid"]))
    assert one.do(body).body["code"] == "reversed_before"
    centre.store.close()


def test_another_institution_can_take_nothing_back(tmp_path, folk):
    one, two = Device("T-1"), Device("T-2", fixmedins_code="H51010000002")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    body = one.settle(one.who(folk[0]), "B1", BILL)
    assert one.do(body).outcome is Outcome.SETTLED
    before = money(centre)
    assert two.do(reverse(two, body["plan"][-1]["msgid"])).body["setlinfo"] == {}
    assert money(centre) == before
    centre.store.close()


@pytest.mark.parametrize("infno", ["2201", "2601", "3201", "2204", ""])
def test_only_what_books_money_is_reversible(centre, device, folk, infno):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    device.do(body)
    before = money(centre)
    no = device.do(reverse(device, body["plan"][-1]["msgid"], infno))
    assert (no.outcome, no.body["code"]) == (Outcome.REJECTED, "not_reversible")
    assert money(centre) == before


@pytest.mark.parametrize(("oinfno", "psn"), [("2102", 0), ("2208", 0), ("2207", 1)])
def test_a_reversal_that_names_it_wrongly_changes_nothing(centre, device, folk, oinfno, psn):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    device.do(body)
    before = money(centre)
    no = device.do(reverse(device, body["plan"][-1]["msgid"], oinfno, folk[psn].psn_no))
    assert (no.outcome, no.body["code"]) == (Outcome.REJECTED, "setl_unknown")
    assert money(centre) == before


def test_a_malformed_reversal_is_rejected_and_does_not_stop_the_chain(centre, device, folk):
    for omsgid in ("", "x" * 31):
        assert device.do(reverse(device, omsgid)).body["code"] == "malformed_body"
    assert device.do(device.settle(device.who(folk[0]), "B1", BILL)).outcome is Outcome.SETTLED
    assert codes_of(centre) == []


def test_after_the_clearing_of_the_month_nothing_is_taken_back(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    device.do(body)
    with centre.store.begin() as conn:
        statement.clear(conn, device.org, "202611", NOW)
    before = money(centre)
    no = device.do(reverse(device, body["plan"][-1]["msgid"]))
    assert (no.outcome, no.body["code"]) == (Outcome.REJECTED, "cleared")
    assert money(centre) == before


def cancelled(device: Device, person: Any) -> tuple[str, str]:
    """(setl_id, msgid of the cancel)."""
    setl_id = device.do(device.settle(device.who(person), "B1", BILL)).body["setlinfo"]["setl_id"]
    body = device.cancel(setl_id, "B1")
    assert device.do(body).outcome is Outcome.SETTLED
    return setl_id, body["plan"][0]["msgid"]


def test_a_cancel_that_is_taken_back_lets_the_settlement_stand_again(centre, device, folk):
    start = money(centre)
    setl_id, msgid = cancelled(device, folk[0])
    assert money(centre) == start
    undone = device.do(reverse(device, msgid, "2208"))
    assert undone.outcome is Outcome.SETTLED
    assert undone.body["setlinfo"]["hifp_pay"] == "60.00"
    with centre.store.begin() as conn:
        assert ledgers.balance(conn, "fund:310100") == -60_00
    assert device.do(device.cancel(setl_id, "B1")).outcome is Outcome.SETTLED  # and may end again
    assert money(centre) == start


def test_a_cancel_is_not_taken_back_when_the_bill_was_settled_anew(centre, device, folk):
    _, msgid = cancelled(device, folk[0])
    assert device.do(device.settle(device.who(folk[0]), "B1", BILL)).outcome is Outcome.SETTLED
    no = device.do(reverse(device, msgid, "2208"))
    assert (no.outcome, no.body["code"]) == (Outcome.REJECTED, "superseded")


def test_a_cancel_is_not_taken_back_when_the_money_was_spent_since(centre, device, folk):
    person = min((one for one in folk if one.balance_fen), key=lambda one: one.balance_fen)
    _, msgid = cancelled(device, person)
    device.do(device.settle(device.who(person), "B2", [("SYN-A-0001", 900_000)]))
    no = device.do(reverse(device, msgid, "2208"))
    assert (no.outcome, no.body["code"]) == (Outcome.REJECTED, "balance_gone")


def test_a_cancel_that_comes_after_its_reversal_takes_no_effect(centre, device, folk):
    settled = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    body = device.cancel(settled.body["setlinfo"]["setl_id"], "B1")
    device.do(reverse(device, body["plan"][0]["msgid"], "2208"))
    late = device.do(body)
    assert (late.outcome, late.body["code"]) == (Outcome.REJECTED, "reversed_before")


def test_the_day_of_a_settlement_is_that_of_its_decision(centre, device, folk):
    seq = device.write(device.settle(device.who(folk[0]), "B1", BILL))
    (answer,) = device.send(seq, now=NOW + DAY)
    assert answer.results[0].body["setlinfo"]["setl_time"].startswith("2026-11-19")
    (row,) = rows_of(centre, statement.movements)
    assert (row["day"], row["refd"], row["medfee_fen"]) == ("20261119", 0, 300_00)


@pytest.mark.parametrize("undoing", ["2208", "2601"])
def test_the_audit_sees_a_settlement_that_ended_without_the_money_coming_back(
    tmp_path, folk, monkeypatch, undoing
):
    """The books still sum to zero then: each entry does."""
    device = Device("T-1")
    centre = make(tmp_path, [device], folk, "sqlite://")
    body = device.settle(device.who(folk[0]), "B1", BILL)
    setl_id = device.do(body).body["setlinfo"]["setl_id"]
    assert audit.audit(centre.store).faults == ()
    monkeypatch.setattr(ledgers, "undo", lambda *_: None)
    take_back = reverse(device, body["plan"][-1]["msgid"])
    device.do(take_back if undoing == "2601" else device.cancel(setl_id, "B1"))
    (fault,) = audit.audit(centre.store).faults
    assert "the funds paid 6000 fen, the live settlements say 0" in fault
    centre.store.close()
