"""Signed words of yesterday, and words of another visit: true once, and not to be counted again."""

from __future__ import annotations

from edge.core import events as e
from edge.core.types import Answer, BillStatus, Credit, Outcome
from tests.flows.kit import (
    FACE,
    Desk,
    bill,
    estimated,
    known_as,
    link_lost,
    link_up,
    on,
    policy,
    press,
    send,
    settled,
    split_of,
    tell_story,
    wait,
)

HOUR_MS = 3_600_000


def silent_for_a_day() -> Desk:
    """The centre spoke, answered the policy's question, and was cut off for more than 24 hours."""
    d = tell_story(Desk(policy("P1")), link_up)
    d.told = d.ask("policy").ask  # type: ignore[attr-defined]
    d.tell("policy", {})
    return tell_story(d, link_lost, wait(25 * HOUR_MS))


def refused_by_hours(d: Desk) -> None:
    tell_story(d, send(), on("refused", code="offline_caps"))
    assert d.screen.fields["detail"]["cap"] == "hours"


def test_a_replayed_reply_of_the_centre_does_not_make_the_outage_younger() -> None:
    d = silent_for_a_day()
    d.post(e.Told(d.told, 0, {}))  # type: ignore[attr-defined]
    d.post(e.Told(b"\x07" * 16, 0, {}))
    refused_by_hours(d)


def test_a_replayed_policy_does_not_make_the_outage_younger() -> None:
    d = silent_for_a_day()
    d.post(e.PolicyArrived(policy("P1"), b"\x01" * 32, b"the one that is held"))
    d.post(e.PolicyArrived(policy("P1", version=2), b"\x09" * 32, b"an older one"))
    assert d.terminal.status(d.now)["policy"]["version"] == 3
    refused_by_hours(d)


def test_an_answer_that_was_held_back_counts_from_when_it_was_given() -> None:
    d = tell_story(Desk(policy("P1")), link_up)
    given_ms = d.now.utc_ms
    tell_story(d, link_lost, wait(25 * HOUR_MS))
    late = Answer(1, 1, 0, bytes(32), (), given_ms, Credit(), 0, bytes(32))
    d.post(e.Answered(late))
    refused_by_hours(d)
    tell_story(d, wait(8_000))
    d.answer()  # one of now
    tell_story(d, send(bill(number="HIS-2")), on("ways"))


# -- the centre's word against the bill -------------------------------------------------------------
def test_a_settlement_of_another_amount_than_the_bill_is_shown_to_nobody_and_staff_must_ask() -> (
    None
):
    d = tell_story(Desk(policy()), link_up, send(), *FACE, known_as(), estimated)
    tell_story(d, on("confirm", press("confirm")), on("working"))
    other = split_of(bill(amount_fen=77_00))
    d.answer((1, Outcome.DUPLICATE, {"mdtrt_id": "M1", "setlinfo": other}))
    (state,) = d.bills().values()
    assert state.status is BillStatus.CONFIRMING
    assert state.refusal is not None and state.refusal.code == "rejected_amount_differs"
    assert d.screen.name == "confirming"
    tell_story(d, wait(8_000), on("idle"))


def test_a_settlement_of_the_bills_amount_is_settled() -> None:
    d = tell_story(Desk(policy()), link_up, send(), *FACE, known_as(), estimated)
    tell_story(d, on("confirm", press("confirm")), on("working", settled()), on("settled"))


# -- what was read is what is signed ----------------------------------------------------------------
def shown(d: Desk) -> Desk:
    """Everything is ready; the confirmation is up."""
    return tell_story(d, send(), *FACE, known_as(), estimated, on("confirm", mode="online"))


def test_a_press_that_was_under_way_when_the_numbers_changed_signs_nothing() -> None:
    d = shown(tell_story(Desk(policy("P1")), link_up, lambda one: one.answer()))
    read = d.screen
    tell_story(d, link_lost, on("confirm", mode="provisional", estimate=True))
    d.post(e.Pressed("confirm", read.fields["mode"], read.visit))
    assert d.ledger == []
    tell_story(d, on("confirm", press("confirm", "provisional"), mode="provisional"))
    tell_story(d, on("provisional"))
    assert len(d.ledger) == 1


def test_a_policy_that_ends_while_the_patient_reads_signs_nothing_offline() -> None:
    d = Desk(policy("P1", valid_until_utc_ms=10 * 24 * HOUR_MS + 30_000))
    shown(tell_story(d, link_up, lambda one: one.answer()))
    tell_story(d, link_lost, on("confirm", wait(30_000), mode="provisional"))
    tell_story(d, on("confirm", press("confirm")), on("refused", code="offline_strict"))
    assert d.ledger == []


def test_a_strict_policy_that_comes_while_the_patient_reads_counts_at_once() -> None:
    d = shown(tell_story(Desk(policy("P1")), link_up, lambda one: one.answer()))
    tell_story(d, link_lost, on("confirm", mode="provisional"), link_up)
    d.post(e.PolicyArrived(policy("P0", version=4), b"\x06" * 32, b"strict"))
    tell_story(d, on("confirm", press("confirm")), on("refused", code="offline_strict"))
    assert d.ledger == []
