"""Stories that end without a record: who is refused and why, what is shown, and that the next
patient is served.
"""

from __future__ import annotations

import pytest

from edge.core import events as e
from edge.core.types import BillStatus, Outcome
from tests.flows.kit import (
    FACE,
    Desk,
    bill,
    estimated,
    follow,
    gesture,
    good_face,
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
    template,
    unknown,
    wait,
)


def desk(**changes: object) -> Desk:
    return tell_story(Desk(policy(**changes)), link_up)


def look(problem: str | None, times: int = 2):
    def do(d: Desk) -> None:
        for _ in range(times):
            d.look(problem)

    return do


def spoof(d: Desk) -> None:
    follow(d, live=0.1)


def wrong(d: Desk) -> None:
    yaw = 35.0 if d.screen.fields["step"] != "turn_left" else -35.0
    d.look("turned", yaw)


def refused(d: Desk, code: str, status: BillStatus = BillStatus.REFUSED) -> None:
    assert d.screen.name == "refused", d.screen
    assert d.screen.fields["code"] == code
    assert d.screen.fields["next_steps"]
    (state,) = d.bills().values()
    assert state.status is status and state.refusal.code == code
    assert d.ledger == []
    tell_story(d, wait(8_000), on("idle"), send(bill(number="NEXT")), on("ways"))


def test_a_held_up_print_is_refused_by_what_it_is() -> None:
    round_ = (on("look", good_face), on("challenge", spoof))
    d = tell_story(
        desk(),
        send(),
        on("ways", press("face")),
        *round_,
        on("look", problem="spoof_score"),
        *round_,
        *round_,
    )
    refused(d, "spoof_suspected")


def test_a_replay_with_the_wrong_gesture_has_three_tries() -> None:
    d = tell_story(desk(), send(), on("ways", press("face")))
    for left in (3, 2, 1):
        tell_story(d, on("look", good_face, tries_left=left), on("challenge", wrong))
    refused(d, "liveness_failed")


def test_every_visit_draws_its_own_challenge() -> None:
    drawn = set()
    for seed in range(12):
        d = tell_story(
            Desk(policy(), seed=seed),
            link_up,
            send(),
            on("ways", press("face")),
            on("look", good_face),
        )
        first = d.screen.fields["step"]
        gesture(d, first)
        drawn.add((first, d.screen.fields.get("step")))
    assert len(drawn) > 3


@pytest.mark.parametrize(
    "problem",
    [
        "no_face",
        "two_faces",
        "too_small",
        "too_close",
        "too_dark",
        "too_bright",
        "blurred",
        "turned",
    ],
)
def test_each_problem_has_its_own_guidance_and_does_not_flicker(problem: str) -> None:
    d = tell_story(desk(), send(), on("ways", press("face")), on("look", problem=None))
    shown = len(d.shows)
    tell_story(d, look(problem, 1), look(None, 1), look(problem, 1), on("look", problem=None))
    assert len(d.shows) == shown
    tell_story(d, look(problem, 5), on("look", problem=problem))
    assert len(d.shows) == shown + 1


def test_nobody_there_is_left_and_a_bad_place_is_a_timeout() -> None:
    refused(tell_story(desk(), send(), on("ways", press("face")), wait(30_000)), "left")
    d = tell_story(
        desk(), send(), on("ways", press("face")), on("look", look("too_dark")), wait(30_000)
    )
    refused(d, "timeout")


@pytest.mark.parametrize("button", ["", "qr", "card"])
def test_walking_away_ends_the_visit(button: str) -> None:
    d = tell_story(desk(), send(), on("ways", press(button) if button else None), wait(60_000))
    refused(d, "timeout")


def test_walking_away_from_the_confirmation_records_nothing() -> None:
    d = tell_story(
        desk(),
        send(),
        *FACE,
        on("working", known_as()),
        on("working", estimated),
        on("confirm"),
        wait(60_000),
    )
    refused(d, "timeout")


def test_a_step_that_does_not_come_costs_a_try() -> None:
    d = tell_story(
        desk(),
        send(),
        on("ways", press("face")),
        on("look", good_face),
        on("challenge"),
        wait(6_000),
    )
    tell_story(d, on("look", problem="step_timeout", tries_left=2))


def test_somebody_else_stepping_in_before_the_template_is_noticed() -> None:
    d = tell_story(desk(), send(), *FACE[:3], on("working", look("two_faces", 1)))
    tell_story(d, on("look", problem="face_changed"), template, on("look"))


def test_the_template_that_never_comes_costs_a_try() -> None:
    tell_story(
        desk(),
        send(),
        *FACE[:3],
        on("working", phase="identify"),
        wait(6_000),
        on("look", problem="face_lost"),
    )


@pytest.mark.parametrize(
    "code",
    [
        "no_person",
        "ambiguous",
        "locked",
        "code_expired",
        "code_used",
        "code_other_org",
        "not_insured",
        "suspended",
    ],
)
def test_what_the_centre_says_about_the_person_is_what_is_shown(code: str) -> None:
    refused(tell_story(desk(), send(), *FACE, on("working", unknown(code))), code)


def test_an_unknown_no_and_a_malformed_yes_are_refused_too() -> None:
    refused(tell_story(desk(), send(), *FACE, on("working", unknown("x<y>1"))), "rejected_xy1")
    junk = tell_story(desk(), send(), *FACE)
    junk.tell("1101", {"authNo": 5, "people": [{"psn_no": 1}]})
    refused(junk, "rejected_malformed")


def test_an_estimate_that_does_not_add_up_is_not_shown() -> None:
    d = tell_story(desk(), send(), *FACE, on("working", known_as()))
    d.tell("2206", {"setlinfo": d.centre_split() | {"psn_cash_pay": "0.01"}})
    refused(d, "rejected_E-TX-08")


def test_a_stream_of_shots_does_not_hold_the_clock_up() -> None:
    d = tell_story(desk(), send(), on("ways", press("face")))
    for _ in range(310):  # 31 s of "too dark" without one Tick
        d.look("too_dark")
    assert d.screen.name == "refused" and d.screen.fields["code"] == "timeout"


def test_the_cancel_button_works_everywhere_before_the_record() -> None:
    steps = [*FACE, on("working", known_as()), on("working", estimated)]
    for count in range(len(steps) + 1):
        refused(tell_story(desk(), send(), *steps[:count], press("cancel")), "cancelled")


def test_a_press_that_was_meant_for_an_earlier_visit_is_not_taken() -> None:
    d = tell_story(
        desk(), send(), press("cancel"), wait(8_000), send(bill(number="N2")), on("ways")
    )
    d.post(e.Pressed("cancel", "", d.screen.visit - 1))
    tell_story(d, on("ways"))


def test_the_patient_may_take_another_way_and_nothing_of_the_first_is_kept() -> None:
    d = tell_story(
        desk(), send(), *FACE[:2], on("challenge", press("other_way")), on("ways", press("card"))
    )
    tell_story(
        d,
        post(e.CardRead("A1")),
        on("working", known_as()),
        on("working", estimated),
        press("confirm"),
    )
    assert d.drafts[0].body["verdict"] is None and d.drafts[0].body["consent"] is None


# -- devices ---------------------------------------------------------------------------------------
def test_a_camera_that_stops_leaves_the_card() -> None:
    lost = post(e.CameraLost("E-CAM-02"))
    for count in (1, 2, 3):
        d = tell_story(desk(), send(), *FACE[:count], lost, on("ways", ways=["card"]))
        tell_story(d, post(e.CameraBack()), on("ways", ways=["face", "qr", "card"]))


def test_without_camera_and_reader_there_is_no_way() -> None:
    d = tell_story(
        desk(),
        send(),
        press("face"),
        post(e.BoardLost("E-BRD-01")),
        on("look"),
        post(e.CameraLost("x")),
    )
    assert d.screen.name == "refused" and d.screen.fields["code"] == "camera_lost"


def test_a_controller_unplugged_while_a_card_is_awaited_offers_the_rest() -> None:
    d = tell_story(
        desk(), send(), on("ways", press("card")), on("card", post(e.BoardLost("E-BRD-01")))
    )
    tell_story(
        d,
        on("ways", ways=["face", "qr"]),
        post(e.BoardUp({})),
        on("ways", ways=["face", "qr", "card"]),
    )


def test_a_full_disk_takes_the_terminal_out_of_service_and_back() -> None:
    d = tell_story(desk(), send(), on("ways"))
    d.room = 0
    tell_story(d, post(e.StoreLow(0)), on("ways"))  # this patient is still served
    assert d.send(bill(number="N2")).status == 503
    tell_story(d, press("cancel"), wait(8_000), on("out_of_service", code="E-STO-03"))
    d.room = 1 << 30
    d.answer()  # anything that is saved shows that there is room again
    tell_story(d, on("idle"), send(bill(number="N3")), on("ways"))


def test_a_stop_puts_the_bill_back_and_the_next_start_takes_it_up() -> None:
    d = tell_story(desk(), send(), *FACE[:2], on("challenge", post(e.StopAsked())))
    tell_story(d, on("out_of_service", code="stopping"))
    assert d.send(bill(number="N2")).body["code"] == "E-HIS-09"
    d.boot()
    tell_story(d, link_lost, send(), on("refused", code="offline_strict"))


# -- the HIS ---------------------------------------------------------------------------------------
def test_the_his_takes_the_bill_back_in_mid_visit() -> None:
    d = tell_story(desk(), send(), *FACE[:2])
    (bill_id,) = d.bills()
    assert d.withdraw(bill_id).body["status"] == "cancelled"
    refused(d, "cancelled", BillStatus.CANCELLED)


def test_a_waiting_bill_is_withdrawn_without_a_word_on_the_screen() -> None:
    d = tell_story(desk(), send(), send(bill(number="N2")), on("ways"))
    waiting = next(key for key, state in d.bills().items() if state.status is BillStatus.WAITING)
    assert d.withdraw(waiting).status == 200
    tell_story(d, on("ways"), press("cancel"), wait(8_000), on("idle"))


def test_the_same_key_gets_the_same_answer_also_after_a_power_cut() -> None:
    d = desk()
    first = d.send(bill(), "k1")
    d.boot()
    again = d.send(bill(), "k1")
    assert (again.status, again.body) == (first.status, first.body) == (202, {**first.body})
    other = d.send(bill(amount_fen=5_00), "k1")
    assert (other.status, other.body["code"]) == (422, "E-HIS-03")
    assert len(d.bills()) == 1


def test_one_number_of_the_his_is_one_bill_until_it_ended_without_a_booking() -> None:
    d = desk()
    d.send(bill(), "k1")
    assert d.send(bill(), "k2").body["code"] == "E-HIS-08"
    tell_story(d, press("cancel"), wait(8_000))
    assert d.send(bill(), "k3").status == 202
    tell_story(
        d, *FACE, on("working", known_as()), on("working", estimated), press("confirm"), settled()
    )
    d.boot()
    assert d.send(bill(), "k4").body["code"] == "E-HIS-08"


def test_bad_bills_and_a_full_queue_have_their_codes() -> None:
    d = desk()
    assert d.send(bill("nonsense")).body["code"] == "E-TX-01"
    assert d.send(bill(amount_fen=-1)).body["code"] == "E-TX-02"
    for number in range(d.settings.bills_waiting_max + 1):
        assert d.send(bill(number=f"Q{number}")).status == 202
    reply = d.send(bill(number="LAST"))
    assert (reply.status, reply.body["code"], reply.body["status"]) == (503, "E-HIS-07", 503)


def test_unknown_bills_and_ended_bills_are_not_cancelled() -> None:
    d = tell_story(desk(), send(), press("cancel"))
    assert d.withdraw("b0").body["code"] == "E-HIS-06"
    (bill_id,) = d.bills()
    assert d.withdraw(bill_id, "k").body["code"] == "E-TX-05"


def test_memory_keeps_the_active_and_the_newest_two_hundred() -> None:
    d = tell_story(desk(), send(bill(number="OPEN")), send(bill(number="WAITS")))
    for number in range(260):
        d.send(bill(number=f"N{number}"), f"k{number}")
        state = next(s for s in d.bills().values() if s.bill.bill_no == f"N{number}")
        d.withdraw(state.bill_id, f"c{number}")
    held = [d.terminal.bill(bill_id) for bill_id in d.bills()]
    assert sum(state is not None for state in held) == 202
    assert all(state.status != Outcome.SETTLED for state in held if state)
