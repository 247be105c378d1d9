"""Stories of the staff: what each decision of the centre asks of them, and how they are done with it."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import events as e
from edge.core.effects import Append
from edge.core.types import BillStatus, Mode, Outcome, TaskStatus
from tests.flows.kit import (
    DAY_MS,
    FACE,
    Desk,
    bill,
    estimated,
    known_as,
    link_lost,
    link_up,
    on,
    policy,
    post,
    press,
    send,
    split_of,
    tell_story,
    wait,
)
from tests.flows.test_offline import LIVE, desk, offline_visit

CARD = "A00000001"


def back(d: Desk, outcome: Outcome, **body: Any) -> Desk:
    """The network is back; the centre decides the newest record."""
    tell_story(d, link_up)
    d.answer((len(d.ledger), outcome, body))
    return d


def status(d: Desk) -> dict[str, Any]:
    return d.terminal.status(d.now)


def said(d: Desk, cash_fen: int) -> dict[str, str]:
    """setlinfo in which the person pays this much of 100.00, the fund the rest."""
    fund = f"{(100_00 - cash_fen) / 100:.2f}"
    cash = {"psn_cash_pay": f"{cash_fen / 100:.2f}", "acct_pay": "0.00"}
    return split_of(bill()) | {"hifp_pay": fund, "fund_pay_sumamt": fund} | cash


def receipt(d: Desk, outcome: Outcome = Outcome.SETTLED, code: str = "") -> None:
    """The centre answers the newest record: a closing."""
    d.answer((len(d.ledger), outcome, {"infcode": -1 if code else 0, "code": code}))


def test_the_same_split_asks_nothing() -> None:
    d = offline_visit(desk(), "N1")
    back(d, Outcome.SETTLED, setlinfo=said(d, 40_00))
    assert d.tasks() == [] and status(d)["tasks"]["open"] == 0


def test_a_larger_share_is_collected_and_the_closing_is_a_signed_record() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.ADJUSTED, setlinfo=said(desk(), 50_00))
    (task,) = d.tasks()
    assert (task.kind, task.due_fen, task.seq, task.bill_no) == ("difference", 10_00, 1, "N1")
    assert task.record_hash == d.hash_of(1).hex()
    reply = d.close(task.task_id, "collected", 10_00)
    assert (reply.status, reply.body["status"]) == (202, "closing")
    draft = d.drafts[-1]
    assert (draft.kind, draft.mode) == ("close_task", Mode.QUEUED)
    (call,) = draft.body["plan"]
    said_ = call["input"]["data"]
    assert (said_["how"], said_["amount"], said_["operator"]) == ("collected", "10.00", "张护士")
    assert (said_["epoch"], said_["seq"], said_["record"]) == (1, 1, task.record_hash)
    assert d.tasks()[0].status is TaskStatus.CLOSING and status(d)["tasks"]["closing"] == 1
    receipt(d)
    (task,) = d.tasks()
    assert task.status is TaskStatus.CLOSED and task.closing.seq == 2
    assert status(d)["tasks"] == {
        "open": 0, "closing": 0, "overdue": 0, "collect_fen": 0, "refund_fen": 0,
    }  # fmt: skip


def test_a_smaller_share_is_given_back_however_small() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.ADJUSTED, setlinfo=said(desk(), 39_99))
    (task,) = d.tasks()
    assert (task.kind, task.due_fen) == ("difference", -1)
    assert d.close(task.task_id, "absorbed", 1).body["code"] == "E-TSK-04"
    assert d.close(task.task_id, "refunded", 1).status == 202


def test_a_small_remainder_is_borne_by_the_institution_and_only_noted() -> None:
    for absorb_fen, kind in ((500, "absorbed"), (499, "difference")):
        d = offline_visit(desk(absorb_max_fen=absorb_fen), "N1")
        back(d, Outcome.ADJUSTED, setlinfo=said(d, 45_00))
        (task,) = d.tasks()
        assert (task.kind, task.due_fen) == (kind, 5_00)
        assert (task.status is TaskStatus.NOTED) is (kind == "absorbed")


def test_who_owes_what_the_centre_refused_is_not_served_offline_until_it_is_closed() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended")
    (task,) = d.tasks()
    assert (task.kind, task.due_fen, task.code) == ("receivable", 60_00, "suspended")
    assert status(d)["blocked"] == 1
    d.boot()  # also after a restart
    tell_story(d, link_lost)

    def comes(number: str, card: str) -> Desk:
        return tell_story(
            d,
            send(bill(number=number)),
            on("ways", press("card")),
            on("card", post(e.CardRead(card))),
            *LIVE,
        )

    comes("N2", CARD)
    tell_story(d, on("refused", code="offline_caps", detail={"cap": "blocked", "limit": 0}))
    tell_story(d, wait(8_000))
    comes("N3", "B00000002")
    tell_story(d, on("confirm", press("cancel")), wait(8_000))
    assert d.close(task.task_id, "collected", 60_00).status == 202
    comes("N4", CARD)
    tell_story(d, on("refused", detail={"cap": "blocked", "limit": 0}), wait(8_000))  # no receipt yet
    tell_story(d, link_up)
    receipt(d)
    tell_story(d, link_lost)
    comes("N5", CARD)
    tell_story(d, on("confirm", mode="provisional"))


def test_a_refused_closing_opens_the_task_again_and_says_why() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended")
    (task,) = d.tasks()
    d.close(task.task_id, "written_off", 60_00)
    receipt(d, Outcome.REJECTED, "closing_amount")
    (task,) = d.tasks()
    assert (task.status, task.refused) == (TaskStatus.OPEN, "closing_amount")
    assert d.terminal.status(d.now)["blocked"] == 1
    d.close(task.task_id, "collected", 60_00)
    receipt(d, Outcome.DUPLICATE, "duplicate")  # said before: done
    assert d.tasks()[0].status is TaskStatus.CLOSED


def test_a_late_record_becomes_a_manual_claim() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.EXPIRED, code="expired")
    (task,) = d.tasks()
    assert (task.kind, task.due_fen) == ("manual_claim", 60_00)
    assert status(d)["blocked"] == 0
    assert d.close(task.task_id, "claimed", 60_00).status == 202


def test_a_refusal_that_the_person_saw_leaves_nothing_to_do() -> None:
    d = tell_story(
        Desk(policy("P1")), link_up, send(), *FACE, on("working", known_as()),
        on("working", estimated), on("confirm", press("confirm")), on("working"),
    )  # fmt: skip
    d.answer((1, Outcome.REJECTED, {"code": "suspended"}))
    assert d.tasks() == []


def online_unanswered(profile: str = "P0") -> Desk:
    return tell_story(
        Desk(policy(profile)), link_up, send(), *FACE, on("working", known_as()),
        on("working", estimated), on("confirm", press("confirm")), on("working"), wait(8_000),
    )  # fmt: skip


def test_who_was_told_to_wait_owes_the_whole_bill_when_the_centre_refuses() -> None:
    d = online_unanswered()
    tell_story(d, on("confirming"))
    d.answer((1, Outcome.REJECTED, {"code": "suspended"}))
    (task,) = d.tasks()
    assert (task.kind, task.due_fen) == ("receivable", 100_00)


def test_amounts_that_are_not_this_bills_are_a_task_and_its_closing_ends_the_bill() -> None:
    d = online_unanswered()
    wrong = split_of(bill(amount_fen=90_00))
    d.answer((1, Outcome.SETTLED, {"setlinfo": wrong}))
    (task,) = d.tasks()
    assert (task.kind, task.due_fen, task.amount_max_fen) == ("unclear", 0, 100_00)
    assert [one.status for one in d.bills().values()] == [BillStatus.CONFIRMING]
    assert d.close(task.task_id, "checked", 0).status == 202
    receipt(d)
    (state,) = d.bills().values()
    assert (state.status, state.split) == (BillStatus.ADJUSTED, None)


def test_a_first_result_of_another_bill_is_a_task() -> None:
    for body in ({}, {"setlinfo": split_of(bill(amount_fen=90_00))}):
        d = online_unanswered()
        d.answer((1, Outcome.DUPLICATE, {"code": "duplicate", **body}))
        assert [task.kind for task in d.tasks()] == ["other_bill"]


def test_a_refused_cancel_is_a_task_and_a_cancel_that_was_done_ends_the_difference() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.ADJUSTED, setlinfo=said(desk(), 50_00))
    (bill_id,) = d.bills()
    assert d.withdraw(bill_id, "c1").status == 202
    d.answer((2, Outcome.REJECTED, {"code": "setl_unknown"}))
    assert [task.kind for task in d.tasks()] == ["difference", "cancel_refused"]
    assert d.close(d.tasks()[1].task_id, "checked", 0).status == 202
    receipt(d)
    assert d.withdraw(bill_id, "c2").status == 202
    receipt(d)
    first = d.tasks()[0]
    assert (first.status, first.closing.how, first.closing.seq) == (TaskStatus.CLOSED, "cancelled", 4)


# -- the void of an offline record -------------------------------------------------------------------
def test_an_offline_record_is_never_deleted_a_signed_one_behind_it_takes_it_back() -> None:
    d = offline_visit(desk(), "N1")
    (bill_id,) = d.bills()
    said_ = d.withdraw(bill_id, "c1")
    assert (said_.status, said_.body["status"]) == (202, "confirming")
    assert [draft.kind for draft in d.drafts] == ["settle", "reverse"]  # without the network too
    again_ = d.withdraw(bill_id, "c1")
    assert (again_.status, again_.body, len(d.drafts)) == (202, said_.body, 2)
    d.boot()
    tell_story(d, link_up)
    d.answer(
        (1, Outcome.ADJUSTED, {"setlinfo": said(d, 50_00)}), (2, Outcome.SETTLED, {"infcode": 0})
    )
    assert [state.status for state in d.bills().values()] == [BillStatus.CANCELLED]
    assert d.tasks() == []


# -- the frozen key --------------------------------------------------------------------------------
def frozen() -> Desk:
    return back(offline_visit(desk(), "N1"), Outcome.SUSPECT, code="clock_ahead")


def test_a_suspect_chain_freezes_the_key_until_the_centre_speaks() -> None:
    d = frozen()
    tell_story(d, on("out_of_service", code="E-TSK-23"))
    (task,) = d.tasks()
    assert task.kind == "suspect" and status(d)["frozen_code"] == "E-TSK-23"
    d.boot()
    tell_story(d, on("out_of_service", code="E-TSK-23"))
    before = len(d.ledger)
    assert d.send(bill(number="N2")).body["code"] == "E-HIS-10"
    assert d.close(task.task_id, "checked", 0).body["code"] == "E-HIS-10"
    now_ms = d.now.utc_ms
    for version, issued_ms, code in (
        (3, now_ms, "E-TSK-23"),  # not newer
        (4, now_ms - DAY_MS, "E-TSK-23"),  # signed before the centre knew
        (5, now_ms, ""),
    ):
        newer = policy("P1", version=version, issued_utc_ms=issued_ms)
        d.post(e.PolicyArrived(newer, bytes([version]) * 32, b"doc"))
        assert status(d)["frozen_code"] == code
    assert len(d.ledger) == before
    tell_story(d, on("idle"), send(bill(number="N3")), on("ways"))
    d.boot()
    assert status(d)["frozen_code"] == ""


def test_a_press_that_comes_after_the_freeze_signs_nothing() -> None:
    d = offline_visit(desk(), "N1")
    tell_story(
        d, send(bill(number="N2")), on("ways", press("card")), on("card", post(e.CardRead("B2"))), *LIVE
    )
    d.answer((1, Outcome.SUSPECT, {"code": "fork"}))
    effects = d.post(e.Pressed("confirm", "provisional", d.screen.visit))
    assert not [one for one in effects if isinstance(one, Append)]
    tell_story(d, on("refused", code="frozen"), wait(8_000), on("out_of_service", code="E-TSK-22"))


@pytest.mark.parametrize("code", ["quarantined", "something_new", ""])
def test_what_the_centre_could_not_take_is_a_task_and_freezes_nothing(code: str) -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.SUSPECT, code=code)
    assert [task.kind for task in d.tasks()] == ["suspect"]
    assert status(d)["frozen_code"] == "" and status(d)["service"] == "open"


# -- the address -----------------------------------------------------------------------------------
def test_the_same_key_gives_the_same_answer_and_another_body_none() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended")
    (task,) = d.tasks()
    first = d.close(task.task_id, "collected", 60_00, key="k")
    receipt(d)
    again = d.close(task.task_id, "collected", 60_00, key="k")
    assert (first.status, first.body) == (again.status, again.body)
    assert d.close(task.task_id, "written_off", 60_00, key="k").body["code"] == "E-HIS-03"
    assert d.close(task.task_id, "collected", 60_00, key="k2").body["code"] == "E-TSK-05"
    assert d.close("t0", "collected", 1, key="k3").body["code"] == "E-TSK-03"
    assert [one.kind for one in d.drafts].count("close_task") == 1


def test_a_closing_is_no_bill() -> None:
    assert tell_story(Desk(policy("P1")), link_up).send(bill("close_task")).body["code"] == "E-TX-10"


def test_a_power_cut_after_the_closing_keeps_it_closing_and_its_receipt_ends_it() -> None:
    d = back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended")
    (task,) = d.tasks()
    d.close(task.task_id, "collected", 60_00)
    d.boot()
    assert d.terminal.task(task.task_id).status is TaskStatus.CLOSING
    tell_story(d, link_up)
    receipt(d)
    assert d.terminal.task(task.task_id).status is TaskStatus.CLOSED
