"""Stories with the network: every kind, every means, the silence of the centre, and the undoing."""

from __future__ import annotations

import pytest

from edge.core import events as e
from edge.core.effects import Append, Ask, Light, Save, Settle, Shoot, Show
from edge.core.types import BillStatus, Mode, Outcome
from tests.flows.kit import (
    CHILD,
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
    post,
    press,
    send,
    settled,
    tell_story,
    unknown,
    wait,
)


def desk(profile: str = "P0") -> Desk:
    return tell_story(Desk(policy(profile)), link_up, on("idle", net="up", waiting=0))


CODE = (on("ways", press("qr")), on("code", post(e.CodeSeen("QR-1"))))
CARD = (on("ways", press("card")), on("card", post(e.CardRead("A00000001")), why=None))
PAID = (on("working", estimated), on("confirm", press("confirm")))


def test_from_a_face_to_a_signed_settlement() -> None:
    d = tell_story(
        desk(),
        send(),
        *FACE,
        on("working", known_as(PERSON, CHILD), phase="identify"),
        on("whom", press("choose", "0")),
        on("working", estimated, phase="estimate"),
        on("confirm", press("confirm"), mode="online", estimate=False, person="张*"),
        on("working", settled(), phase="answer"),
        on("settled", outcome="settled", difference_fen=0),
        wait(8_000),
        on("idle"),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.SETTLED and state.setl_id == "S1" and state.mdtrt_id == "M1"
    assert state.split.fund_pay_sumamt_fen == 50_00 and state.split.acct_pay_fen == 30_00
    assert ("slip.psn_cash_pay", "20.00") in state.slip
    (draft,) = d.drafts
    assert draft.mode is Mode.ONLINE and draft.policy_hash == b"\x01" * 32
    assert [call["infno"] for call in draft.body["plan"]] == ["2201", "2204", "2207"]
    assert "template" not in draft.body["identity"]  # the centre saw it in 1101
    assert draft.body["consent"]["text"] == "face-consent-1"
    assert draft.body["consent"]["lang"] == "zh-CN"
    assert draft.body["verdict"]["live"] and len(draft.body["verdict"]["steps"]) == 2
    assert d.woken(state.bill_id) == state.version
    names = [type(x) if not isinstance(x, Show) else x.name for x in d.effects]
    assert names.index(Append) < names.index(Settle) < names.index("settled")


def test_the_lamps_and_the_camera_follow_the_visit_and_go_dark_again() -> None:
    d = tell_story(desk(), send(), *FACE, on("working", unknown("locked")), wait(9_000), on("idle"))
    modes = [x.mode for x in d.effects if isinstance(x, Shoot)]
    assert modes == ["off", "face", "off"]
    lamps = [x.pattern for x in d.effects if isinstance(x, Light)]
    assert lamps[1] == "guide" and lamps[-2:] == ["no", "off"]
    assert set(lamps[2:4]) <= {"left", "right", "white"}


@pytest.mark.parametrize("way", [CODE, CARD])
@pytest.mark.parametrize("kind", ["settle", "pharmacy"])
def test_a_code_or_a_card_settles_as_well(way: tuple, kind: str) -> None:
    d = tell_story(
        desk(),
        send(bill(kind)),
        *way,
        on("working", known_as()),
        *PAID,
        on("working", settled()),
        on("settled"),
    )
    (draft,) = d.drafts
    assert draft.body["verdict"] is None and draft.body["consent"] is None
    data = draft.body["plan"][-1]["input"]["data"]
    assert (data["mdtrt_cert_type"], data["mdtrt_cert_no"]) == ("01", "ec-token-1")


def test_a_card_held_to_the_reader_needs_no_button() -> None:
    d = tell_story(
        desk(), send(), on("ways", post(e.CardRead("A1"))), on("working", phase="identify")
    )
    assert d.ask("1101").body == {
        "means": "card",
        "mdtrt_cert_type": "03",
        "mdtrt_cert_no": "A1",
        "card_sn": "",
    }


def test_what_the_centre_is_asked_in_1101() -> None:
    face = tell_story(desk(), send(), *FACE).ask("1101").body
    assert set(face) == {"means", "template", "model", "verdict"} and len(face["template"]) == 768
    code = tell_story(desk(), send(bill("pharmacy")), *CODE).ask("1101").body
    assert code == {
        "means": "qr",
        "ecQrCode": "QR-1",
        "businessType": "02121",
        "orgId": "H51010000001",
    }


def test_a_registration_asks_for_no_money() -> None:
    d = tell_story(
        desk(),
        send(bill("register", 0)),
        *CARD,
        on("working", known_as()),
        on("confirm", press("confirm"), split=None, mode="online"),
        on("working", settled(), phase="answer"),
        on("settled", split=None),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.SETTLED and state.mdtrt_id == "M1"


def test_the_child_is_served_with_the_mothers_face() -> None:
    d = tell_story(
        desk(),
        send(),
        *FACE,
        on("working", known_as(PERSON, CHILD)),
        on("whom", press("choose", "7")),
        on("whom", press("choose", "1")),
        *PAID,
    )
    assert d.drafts[0].body["identity"]["psn_no"] == CHILD["psn_no"]
    assert d.drafts[0].body["identity"]["authNo"] == "auth-1"


def test_the_centre_adjusts_and_the_screen_says_by_how_much() -> None:
    moved = {"acct_pay": "0.00", "psn_cash_pay": "50.00", "balc": "30.00"}
    d = tell_story(
        desk(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        on("working", settled(Outcome.ADJUSTED, **moved)),
        on("settled", outcome="adjusted", difference_fen=30_00),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.ADJUSTED
    assert (state.estimate.psn_cash_pay_fen, state.split.psn_cash_pay_fen) == (20_00, 50_00)


def test_silence_is_unknown_never_failure_and_a_late_answer_reaches_the_bill_only() -> None:
    d = tell_story(
        desk("P0"),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        on("working"),
        wait(8_000),
        on("confirming"),
    )
    (first,) = d.bills().values()
    assert first.status is BillStatus.CONFIRMING
    tell_story(d, send(bill(number="HIS-2")), wait(8_000), on("ways"))
    before = d.screen
    tell_story(d, settled_seq(1), on("ways"))
    assert (d.screen.visit, d.screen.fields["amount_fen"]) == (before.visit, 100_00)
    state = d.bills()[first.bill_id]
    assert state.status is BillStatus.SETTLED and d.woken(first.bill_id) == state.version


def settled_seq(seq: int):
    def do(desk_: Desk) -> None:
        last = desk_.ledger
        desk_.ledger = last[:seq]
        settled()(desk_)
        desk_.ledger = last

    return do


def test_silence_within_the_policy_is_provisional_and_counts_against_it() -> None:
    d = tell_story(
        desk("P1"),
        lambda d: d.answer(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        wait(8_000),
    )
    tell_story(d, on("provisional"), link_lost)
    assert d.screen.fields["offline"]["left_fen"] == 4_950_00
    d.boot()
    assert d.screen.fields["offline"]["left_fen"] == 4_950_00
    tell_story(d, settled())
    assert d.screen.fields["offline"]["left_fen"] == 5_000_00


def test_silence_about_somebody_insured_elsewhere_is_never_provisional() -> None:
    """Nobody here has the rules of their place: without the network they are not served either."""
    d = tell_story(desk("P1"), lambda d: d.answer(), send(), *CODE)
    tell_story(d, on("working", known_as(PERSON | {"insuplc_admdvs": "500100"})), *PAID, wait(8_000))
    tell_story(d, on("confirming"))


def test_the_answer_still_reaches_the_screen_of_the_same_patient() -> None:
    tell_story(
        desk(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        wait(8_000),
        on("confirming"),
        settled(),
        on("settled"),
    )


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.REJECTED, "rejected_suspended"),
        (Outcome.EXPIRED, "rejected_expired"),
        (Outcome.SUSPECT, "rejected_suspect"),
        (Outcome.DUPLICATE, "rejected_duplicate"),
    ],
)
def test_a_no_of_the_centre_ends_with_its_reason(outcome: Outcome, code: str) -> None:
    d = tell_story(desk(), send(), *CODE, on("working", known_as()), *PAID, on("working"))
    d.answer((1, outcome, {"code": "suspended", "err_msg": "参保暂停"}))
    tell_story(d, on("refused", code=code))
    (state,) = d.bills().values()
    assert state.status is BillStatus.REJECTED and state.refusal.code == code


def test_a_duplicate_with_the_first_result_is_that_result() -> None:
    d = tell_story(
        desk(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        settled(Outcome.DUPLICATE),
        on("settled"),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.SETTLED and state.setl_id == "S1"


def test_a_result_whose_sums_are_wrong_is_shown_to_nobody() -> None:
    d = tell_story(
        desk(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        settled(psn_cash_pay="1.00"),
        on("confirming"),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.CONFIRMING and state.refusal.code == "rejected_E-TX-08"


# -- undoing ---------------------------------------------------------------------------------------
def settled_desk() -> Desk:
    return tell_story(
        desk(),
        send(),
        *CODE,
        on("working", known_as()),
        *PAID,
        on("working", settled()),
        on("settled"),
    )


def test_a_settlement_is_undone_by_a_record_of_its_own() -> None:
    d = settled_desk()
    (bill_id,) = d.bills()
    reply = d.withdraw(bill_id)
    assert (reply.status, reply.body["status"]) == (202, "working")
    assert d.drafts[-1].body["plan"][0]["infno"] == "2208"
    assert d.drafts[-1].body["plan"][0]["input"]["data"]["setl_id"] == "S1"
    assert d.withdraw(bill_id, "cancel-2").body["code"] == "E-TX-05"  # under way
    d.boot()  # a power cut in between
    assert d.bills()[bill_id].status is BillStatus.WORKING
    d.answer((2, Outcome.SETTLED, {"setlinfo": {"medfee_sumamt": "-100.00"}}))
    assert d.bills()[bill_id].status is BillStatus.CANCELLED
    assert d.withdraw(bill_id, "cancel-3").status == 200
    assert len(d.ledger) == 2


def test_a_refused_undoing_leaves_the_settlement_as_it_was() -> None:
    d = settled_desk()
    (bill_id,) = d.bills()
    d.withdraw(bill_id)
    d.answer((2, Outcome.REJECTED, {"code": "setl_unknown"}))
    state = d.bills()[bill_id]
    assert state.status is BillStatus.SETTLED and state.refusal.code == "rejected_setl_unknown"
    assert state.split.fund_pay_sumamt_fen == 50_00


def test_nothing_is_undone_without_the_centre() -> None:
    d = tell_story(settled_desk(), link_lost)
    (bill_id,) = d.bills()
    reply = d.withdraw(bill_id)
    assert (reply.status, reply.body["code"]) == (503, "E-TX-09")
    assert len(d.ledger) == 1 and d.bills()[bill_id].status is BillStatus.SETTLED


def test_an_old_bill_from_the_store_can_be_undone() -> None:
    d = settled_desk()
    (bill_id, state), *_ = d.bills().items()
    d.docs["bill"] = {}
    d.boot()
    tell_story(d, link_up)
    assert d.withdraw(bill_id).body["code"] == "E-HIS-06"
    assert d.withdraw(bill_id, "again", state).status == 202


# -- the policy ------------------------------------------------------------------------------------
def test_the_policy_is_asked_for_at_every_link_and_every_hour() -> None:
    d = desk()
    asked = d.ask("policy")
    assert asked.body == {"hash": b"\x01" * 32}
    d.post(e.Told(asked.ask, 0, {"document": b""}))
    before = len([x for x in d.effects if isinstance(x, Ask) and x.infno == "policy"])
    d.wait(3_600_000)
    assert len([x for x in d.effects if isinstance(x, Ask) and x.infno == "policy"]) == before + 1


def test_a_policy_that_is_still_the_current_one_stays_in_force_without_its_document() -> None:
    d = desk()
    before = d.terminal.status(d.now)["policy"]
    d.post(e.Told(d.ask("policy").ask, 0, {}))
    after = d.terminal.status(d.now)["policy"]
    assert after.pop("attested_utc_ms") == d.now.utc_ms > before.pop("attested_utc_ms")
    assert after == before and "policy" not in d.docs
    count = len([x for x in d.effects if isinstance(x, Ask) and x.infno == "policy"])
    d.wait(3_600_000)
    assert len([x for x in d.effects if isinstance(x, Ask) and x.infno == "policy"]) == count + 1


def test_a_new_policy_counts_at_once_is_kept_and_an_older_one_is_a_replay() -> None:
    d = desk()
    d.post(e.PolicyArrived(policy("P2", version=4), b"\x04" * 32, b"doc-4"))
    assert d.docs["policy"] == {"current": b"doc-4"}
    d.post(e.PolicyArrived(policy("P1", version=3), b"\x03" * 32, b"doc-3"))
    status = d.terminal.status(d.now)
    assert status["policy"]["profile"] == "P2" and d.docs["policy"] == {"current": b"doc-4"}


def test_the_same_policy_again_costs_no_write() -> None:
    d = desk()
    d.post(e.PolicyArrived(policy(version=4), b"\x04" * 32, b"doc-4"))
    effects = d.post(e.PolicyArrived(policy(version=4), b"\x04" * 32, b"doc-4"))
    assert not [x for x in effects if isinstance(x, Save)]


def test_the_consent_is_recorded_in_the_language_it_was_read_in() -> None:
    d = tell_story(
        desk(),
        send(),
        on("ways", press("face", "en")),
        *FACE[1:],
        on("working", known_as(PERSON)),
        on("working", estimated),
        on("confirm", press("confirm")),
    )
    (draft,) = d.drafts
    assert draft.body["consent"]["lang"] == "en"


def test_a_lost_question_is_asked_again_with_its_own_id_until_its_time_is_over() -> None:
    d = tell_story(desk(), send(), *FACE)
    first = d.ask("1101")
    asked = [one for one in d.effects if one == first]
    tell_story(d, wait(2_000), wait(2_000))
    assert len([one for one in d.effects if one == first]) == len(asked) + 2
    tell_story(d, on("working", known_as(PERSON)), wait(4_000))
    assert len([one for one in d.effects if one == first]) == len(asked) + 2  # answered: no more
