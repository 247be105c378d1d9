"""What nobody knows yet: it is asked about, shown, never charged twice, and may be taken back."""

from __future__ import annotations

import pytest

from edge.core import events as e
from edge.core.parts.unknown import PAUSES_MS
from edge.core.sync.asking import TRIES_MAX
from edge.core.types import BillState, BillStatus, Mode, Outcome
from tests.flows.kit import (
    FACE,
    PERSON,
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

PAID = (
    send(),
    *FACE,
    on("working", known_as()),
    on("working", estimated),
    on("confirm", press("confirm")),
)


def confirming(profile: str = "P0") -> Desk:
    """Somebody paid and the centre said nothing in time."""
    d = tell_story(Desk(policy(profile)), link_up, *PAID, on("working", wait(8_000)))
    return tell_story(d, on("confirming"))


def only(desk: Desk) -> BillState:
    (state,) = desk.bills().values()
    return state


def word(desk: Desk, seq: int, outcome: Outcome = Outcome.SETTLED, **body: object) -> None:
    desk.answer((seq, outcome, {"infcode": 0, "err_msg": "", **body}))


def test_a_bill_that_stays_confirming_is_asked_about_by_its_own_message_id() -> None:
    d = confirming()
    began = only(d)
    assert began.unknown is not None and began.unknown.next_steps == ("wait",)
    assert began.unknown.since_utc_ms == d.now.utc_ms and began.unknown.asked == 0
    d.wait(PAUSES_MS[0])
    body = d.ask("5203").body
    assert body["psn_no"] == PERSON["psn_no"]
    assert body["msgid"] == began.msgid == d.drafts[0].body["plan"][-1]["msgid"]
    assert d.terminal.status(d.now)["unknown"] == 1


def test_what_5203_tells_is_shown_and_settles_nothing() -> None:
    d = confirming()
    d.wait(PAUSES_MS[0])
    d.tell("5203", {"setlinfo": split_of(bill())})
    state = only(d)
    assert state.status is BillStatus.CONFIRMING and not state.setl_id
    assert state.unknown is not None
    assert (state.unknown.centre_has, state.unknown.next_steps) == ("yes", ("wait",))
    settled()(d)
    state = only(d)
    assert (state.status, state.unknown) == (BillStatus.SETTLED, None)


def test_when_the_centre_has_nothing_staff_may_reverse() -> None:
    d = confirming()
    d.wait(PAUSES_MS[0])
    d.tell("5203", {"setlinfo": None})
    unknown = only(d).unknown
    assert unknown is not None and unknown.next_steps == ("wait", "reverse")
    link_lost(d)
    assert only(d).unknown.next_steps == ("wait_network",)


def test_a_lost_question_is_repeated_and_given_up_within_bounds() -> None:
    d = confirming()
    d.wait(24 * 3_600_000)
    questions = [one for one in d.effects if getattr(one, "infno", "") == "5203"]
    assert len({one.ask for one in questions}) == len(PAUSES_MS)
    assert len(questions) == len(PAUSES_MS) * TRIES_MAX
    assert only(d).status is BillStatus.CONFIRMING  # and never a failure
    assert not d.terminal._site.part_asks  # nothing stays open


def test_an_old_or_strange_reply_is_nobodys() -> None:
    d = confirming()
    d.wait(PAUSES_MS[0])
    ask = d.ask("5203")
    d.post(e.Told(b"\x00" * 16, 0, {"setlinfo": {}}))
    assert only(d).unknown.centre_has == ""
    d.post(e.Told(ask.ask, -1, {"code": "malformed"}))
    d.post(e.Told(ask.ask, 0, {"setlinfo": None}))  # the question was closed by the first
    assert only(d).unknown.centre_has == ""


def test_the_unknown_survives_a_power_cut() -> None:
    d = confirming()
    since = only(d).unknown.since_utc_ms
    d.boot()
    link_up(d)
    assert only(d).unknown.since_utc_ms == since
    d.wait(PAUSES_MS[0])
    assert d.ask("5203")


def test_nothing_is_charged_a_second_time_for_the_same_bill() -> None:
    d = confirming()
    assert d.send(bill(), key="another key").status == 409
    d.reverse(only(d).bill_id)
    no = d.send(bill(), key="a third key")
    assert (no.status, no.body["code"]) == (409, "E-HIS-08")
    settled()(d)  # the newest record is the reversal
    assert d.send(bill(), key="a fourth key").status == 202


# -- 2601 -----------------------------------------------------------------------------------------
def test_a_reversal_names_the_message_and_waits_for_its_own_receipt() -> None:
    d = confirming()
    reply = d.reverse(only(d).bill_id)
    assert (reply.status, reply.body["status"]) == (202, "confirming")
    first, second = d.drafts
    (call,) = second.body["plan"]
    assert (second.kind, call["infno"]) == ("reverse", "2601")
    omsgid = first.body["plan"][-1]["msgid"]
    wanted = {"psn_no": PERSON["psn_no"], "omsgid": omsgid, "oinfno": "2207"}
    assert call["input"]["data"] == wanted
    assert only(d).status is BillStatus.CONFIRMING
    word(d, 2)
    assert only(d).status is BillStatus.CANCELLED and not only(d).reverses


def test_the_same_reversal_again_makes_no_second_record() -> None:
    d = confirming()
    for key in ("k1", "k1", "k2"):
        assert d.reverse(only(d).bill_id, key).status == 202
    assert len(d.drafts) == 2


def test_a_settlement_that_arrives_while_it_is_being_taken_back_is_not_shown_as_one() -> None:
    d = confirming()
    d.reverse(only(d).bill_id)
    info = split_of(bill())
    word(d, 1, mdtrt_id="M1", setlinfo=info)
    state = only(d)
    assert (state.status, state.setl_id) == (BillStatus.CONFIRMING, "S1")
    word(d, 2)
    assert only(d).status is BillStatus.CANCELLED


def test_the_two_words_in_the_other_order_come_to_the_same() -> None:
    d = confirming()
    d.reverse(only(d).bill_id)
    word(d, 2)
    word(d, 1, mdtrt_id="M1", setlinfo=split_of(bill()))
    assert only(d).status is BillStatus.CANCELLED and only(d).setl_id == "S1"


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_reversal_that_is_refused_leaves_the_settlement_standing(order: tuple[int, int]) -> None:
    d = confirming()
    d.reverse(only(d).bill_id)
    for seq in order:
        if seq == 1:
            word(d, 1, mdtrt_id="M1", setlinfo=split_of(bill()))
        else:
            word(d, 2, Outcome.REJECTED, code="cleared")
    state = only(d)
    assert state.status is BillStatus.SETTLED and state.setl_id == "S1" and not state.reverses


def test_an_original_that_was_rejected_ends_as_rejected_when_the_reversal_is_too() -> None:
    d = confirming()
    d.reverse(only(d).bill_id)
    word(d, 1, Outcome.REJECTED, code="locked")
    assert only(d).status is BillStatus.CONFIRMING
    word(d, 2, Outcome.EXPIRED, code="expired")
    assert only(d).status is BillStatus.REJECTED
    assert only(d).refusal.code == "rejected_locked"


def test_a_reversal_may_be_recorded_without_the_network() -> None:
    d = confirming()
    link_lost(d)
    assert d.reverse(only(d).bill_id).status == 202
    assert d.drafts[-1].mode is Mode.QUEUED


@pytest.mark.parametrize(
    ("status", "code"),
    [("waiting", "E-TX-12"), ("settled", "E-TX-12"), ("cancelled", "E-TX-12")],
)
def test_only_what_is_unknown_is_taken_back(status: str, code: str) -> None:
    d = Desk(policy())
    if status == "settled":
        tell_story(d, link_up, *PAID, on("working", settled()))
    else:
        d.send(bill())
    if status == "cancelled":
        d.withdraw(only(d).bill_id)
    no = d.reverse(only(d).bill_id)
    assert (no.status, no.body["code"]) == (409, code)
    assert d.reverse("b-none").status == 404


def test_while_the_answer_is_awaited_on_the_screen_nothing_is_reversed() -> None:
    d = tell_story(Desk(policy()), link_up, *PAID, on("working", phase="answer"))
    assert d.reverse(only(d).bill_id).body["code"] == "E-TX-05"


def test_a_registration_cannot_be_reversed() -> None:
    d = tell_story(Desk(policy()), link_up, send(bill("register", 0)), *FACE)
    tell_story(d, on("working", known_as()), on("confirm", press("confirm")), wait(8_000))
    assert only(d).status is BillStatus.PROVISIONAL
    no = d.reverse(only(d).bill_id)
    assert (no.status, no.body["code"]) == (409, "E-TX-13") and len(d.drafts) == 1


def test_a_cancel_without_a_word_is_taken_back_and_the_settlement_stands() -> None:
    d = tell_story(Desk(policy()), link_up, *PAID, on("working", settled()))
    state = only(d)
    assert d.withdraw(state.bill_id).status == 202
    reply = d.reverse(state.bill_id)
    assert (reply.status, reply.body["status"]) == (202, "working")
    data = d.drafts[-1].body["plan"][0]["input"]["data"]
    assert (data["oinfno"], data["omsgid"]) == ("2208", only(d).cancel_msgid)
    word(d, 2)  # the cancel was done
    assert only(d).status is BillStatus.WORKING
    word(d, 3)  # and is not any more
    assert only(d).status is BillStatus.SETTLED and not only(d).cancel_seq
    assert d.withdraw(state.bill_id, "cancel-2").status == 202  # a new one is a new matter
    word(d, 4)
    assert only(d).status is BillStatus.CANCELLED
