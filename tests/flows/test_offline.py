"""Stories without the network: what each profile lets happen, what is sealed, what is left, and
what survives a restart.
"""

from __future__ import annotations

import pytest

from edge.core import events as e
from edge.core.effects import Ask
from edge.core.types import BillStatus, Caps, Mode, Now, Outcome
from tests.flows.kit import (
    DAY_MS,
    FACE,
    Desk,
    bill,
    estimated,
    follow,
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
    split_of,
    tell_story,
    template,
    wait,
)

HOUR_MS = 3_600_000
LIVE = (on("look", good_face), on("challenge", follow), on("working", template))


def desk(profile: str = "P1", **changes: object) -> Desk:
    """The link was up, the centre was heard, then the wire was cut."""
    return tell_story(
        Desk(policy(profile, **changes)),
        link_up,
        lambda d: d.answer(),
        link_lost,
        on("idle", net="down"),
    )


def offline_visit(d: Desk, number: str, amount_fen: int = 100_00, card: str = "A00000001") -> Desk:
    return tell_story(
        d,
        send(bill(number=number, amount_fen=amount_fen)),
        on("ways", press("face"), ways=["face", "card"]),
        on("card", post(e.CardRead(card)), why="offline"),
        *LIVE,
        on("confirm", press("confirm"), mode="provisional", estimate=True),
        on("provisional"),
        wait(8_000),
        on("idle"),
    )


def test_card_and_living_face_make_a_provisional_record_with_the_template_sealed() -> None:
    d = offline_visit(desk(), "N1")
    (draft,) = d.drafts
    (state,) = d.bills().values()
    assert draft.mode is Mode.PROVISIONAL and state.status is BillStatus.PROVISIONAL
    identity = draft.body["identity"]
    assert (identity["means"], identity["card_no"], identity["psn_no"]) == ("card", "A00000001", "")
    assert len(identity["template"]) == 768 and identity["template_model"] == "ab" * 32
    assert draft.body["verdict"]["live"] and draft.body["consent"] is not None
    data = draft.body["plan"][-1]["input"]["data"]
    assert (data["mdtrt_cert_type"], data["mdtrt_cert_no"], data["acct_used_flag"]) == (
        "03",
        "A00000001",
        "0",
    )
    # the resident's 60 % of the rules in the policy, and no account money
    assert (
        draft.body["estimate"]["fund_pay_sumamt"] == "60.00"
        and draft.body["estimate"]["acct_pay"] == "0.00"
    )
    assert d.screen.fields["offline"] == {
        "profile": "P1",
        "left_count": 99,
        "left_fen": 4_940_00,
        "left_hours": 23,
        "left_minutes": 23 * 60,
        "warn": "",
        "ended": "",
    }
    assert not [x for x in d.effects if isinstance(x, Ask) and x.infno != "policy"]


def test_the_answer_comes_when_the_network_is_back() -> None:
    d = tell_story(offline_visit(desk(), "N1"), link_up, on("idle", net="up", waiting=1))
    d.answer((1, Outcome.ADJUSTED, {"setlinfo": split_of(bill())}))
    (state,) = d.bills().values()
    assert state.status is BillStatus.ADJUSTED and state.estimate.fund_pay_sumamt_fen == 60_00
    assert state.split.fund_pay_sumamt_fen == 50_00
    tell_story(d, on("idle", waiting=0))


@pytest.mark.parametrize("profile", ["P0", "P2"])
def test_without_a_policy_for_it_money_waits_for_the_network(profile: str) -> None:
    d = tell_story(desk(profile), send(), on("refused", code="offline_strict"))
    assert "pay_full" in d.screen.fields["next_steps"] and d.ledger == []


def test_an_expired_policy_is_p0() -> None:
    d = desk(valid_until_utc_ms=10 * DAY_MS + 60_000)
    tell_story(d, wait(60_000), send(), on("refused", code="offline_strict"))
    assert d.terminal.status(d.now)["policy"]["hash"] == "00" * 32


def test_a_registration_is_queued_even_under_p0() -> None:
    d = tell_story(
        desk("P0"),
        send(bill("register", 0)),
        on("ways", press("card")),
        on("card", post(e.CardRead("A00000001"))),
        *LIVE,
        on("confirm", press("confirm"), mode="queued", split=None),
        on("provisional", split=None),
    )
    assert d.drafts[0].mode is Mode.QUEUED
    tell_story(d, settled())
    assert [state.status for state in d.bills().values()] == [BillStatus.SETTLED]


def test_a_bill_may_insist_on_the_centre_and_a_code_needs_it() -> None:
    tell_story(desk(), send(bill(prefer="require_online")), on("refused", code="offline_strict"))
    tell_story(desk(), send(), on("ways", press("qr")), on("refused", code="offline_way"))


def test_without_camera_or_reader_there_is_no_way_offline() -> None:
    for lost in (e.CameraLost("E-CAM-02"), e.BoardLost("E-BRD-01")):
        d = tell_story(desk(), post(lost), send())
        assert d.screen.name == "refused" and d.screen.fields["code"] in (
            "camera_lost",
            "offline_way",
        )


# -- the caps, on the terminal ---------------------------------------------------------------------
def test_two_visits_per_person_and_the_count_survives_a_restart() -> None:
    d = offline_visit(desk(), "N1")
    d.boot()
    d = offline_visit(d, "N2")
    d.boot()
    tell_story(
        d,
        send(bill(number="N3")),
        on("ways", press("card")),
        on("card", post(e.CardRead("A00000001"))),
        *LIVE,
        on("refused", code="offline_caps", detail={"cap": "person", "limit": 2}),
        wait(8_000),
    )
    offline_visit(d, "N4", card="B00000002")
    assert len(d.ledger) == 3


def test_the_fund_part_and_the_total_have_their_caps() -> None:
    tell_story(
        desk(),
        send(bill(amount_fen=500_01)),
        on("refused", detail={"cap": "total", "limit": 500_00}),
    )
    d = tell_story(desk(), send(bill(amount_fen=400_00)), on("ways", press("card")))
    tell_story(
        d,
        post(e.CardRead("A1")),
        *LIVE,
        on("refused", detail={"cap": "fund_part", "limit": 200_00}),
    )


def test_hours_run_from_the_last_word_of_the_centre_also_over_a_restart() -> None:
    d = tell_story(desk(), wait(23 * HOUR_MS))
    d.boot()
    tell_story(
        d, on("idle", net="down"), send(), on("ways"), press("cancel"), wait(8_000), wait(HOUR_MS)
    )
    tell_story(d, send(bill(number="N2")), on("refused", detail={"cap": "hours", "limit": 24}))


def test_a_clock_set_back_stops_offline_acceptance_until_the_centre_is_heard() -> None:
    d = offline_visit(desk(), "N1")
    d.now = Now(d.now.utc_ms - 8_000 - 60_001, d.now.mono_ms)  # against the last record, 8 s ago
    d.boot()
    tell_story(
        d,
        send(bill(number="N2")),
        on("refused", detail={"cap": "clock", "limit": 60_000}),
        wait(8_000),
    )
    tell_story(d, link_up, settled(), link_lost)
    tell_story(d, send(bill(number="N3")), on("ways"))


def test_a_policy_without_rules_promises_nothing() -> None:
    for rules in ({}, {"rules": 5}):
        d = tell_story(
            desk(rules=rules), send(), on("ways", press("card")), post(e.CardRead("A1")), *LIVE
        )
        tell_story(d, on("refused", code="offline_caps", detail={"cap": "rules", "limit": 0}))


# -- the wire is cut in the middle -----------------------------------------------------------------
def test_the_link_breaks_while_the_face_is_asked_about() -> None:
    d = tell_story(desk(), link_up, send(), *FACE, on("working", link_lost, phase="identify"))
    tell_story(
        d,
        on("card", post(e.CardRead("A1")), why="offline"),
        on("confirm", press("confirm"), mode="provisional"),
    )
    assert len(d.drafts[0].body["identity"]["template"]) == 768  # taken before, sealed now


def test_the_centre_is_silent_though_the_link_is_up() -> None:
    d = tell_story(
        desk(),
        link_up,
        send(),
        *FACE,
        on("working"),
        wait(8_000),
        on("card", post(e.CardRead("A1"))),
    )
    tell_story(d, on("confirm", press("confirm"), mode="provisional"), on("provisional"))


def test_a_late_word_about_an_earlier_question_is_not_taken() -> None:
    d = tell_story(desk("P1"), link_up, send(), *FACE, on("working"))
    late = d.ask("1101")
    tell_story(d, wait(8_000), on("card"))
    d.post(e.Told(late.ask, 0, {"authNo": "x", "people": []}))
    tell_story(d, on("card"))


def test_the_link_breaks_between_identity_and_estimate() -> None:
    d = tell_story(
        desk(),
        link_up,
        send(),
        *FACE,
        on("working", known_as()),
        on("working", link_lost, phase="estimate"),
    )
    tell_story(d, on("confirm", press("confirm"), mode="provisional", estimate=True, person="张*"))
    (draft,) = d.drafts
    assert draft.body["identity"]["psn_no"] and "template" not in draft.body["identity"]
    assert (
        draft.body["estimate"]["fund_pay_sumamt"] == "50.00"
    )  # the employee's ratio: the centre said who it is


def test_the_link_breaks_under_the_confirm_button() -> None:
    steps = (
        send(),
        *FACE,
        on("working", known_as()),
        on("working", estimated),
        on("confirm", link_lost, mode="online"),
    )
    d = tell_story(
        desk(), link_up, *steps, on("confirm", press("confirm"), mode="provisional", estimate=True)
    )
    assert d.drafts[0].mode is Mode.PROVISIONAL
    tell_story(desk("P0"), link_up, *steps, on("refused", code="offline_strict"))


def test_a_link_that_comes_back_offers_the_code_again() -> None:
    d = tell_story(
        desk(),
        send(),
        on("ways", link_up, ways=["face", "card"]),
        on("ways", ways=["face", "qr", "card"]),
    )
    tell_story(d, press("qr"), on("code", link_lost), on("ways", ways=["face", "card"]))


# -- the plug is pulled ----------------------------------------------------------------------------
def test_a_power_cut_before_the_record_starts_the_visit_again() -> None:
    for count in range(len(FACE) + 1):
        d = tell_story(Desk(policy()), link_up, send(), *FACE[:count])
        d.boot()
        tell_story(d, on("idle", wait(2_900)), on("idle", wait(200)))  # a moment for the link
        tell_story(d, on("refused"), wait(8_000))  # it stayed silent: P0
        assert d.ledger == []
    d = tell_story(desk(), send(), on("ways", press("card")))
    d.boot()
    tell_story(d, wait(3_000))
    offline_visit_from_ways(d)


def test_a_bill_that_waited_through_a_power_cut_is_served_when_the_link_speaks() -> None:
    d = tell_story(Desk(policy()), link_up, send(), on("ways", press("card")))
    d.boot()
    tell_story(d, on("idle", wait(500)), link_up, on("ways"))
    assert [state.status for state in d.bills().values()] == [BillStatus.IN_VISIT]


def offline_visit_from_ways(d: Desk) -> None:
    tell_story(
        d, on("ways", press("card")), post(e.CardRead("A1")), *LIVE, on("confirm", press("confirm"))
    )
    assert len(d.ledger) == 1


def test_a_power_cut_right_after_the_commit_loses_nothing_and_doubles_nothing() -> None:
    d = tell_story(
        Desk(policy()), link_up, send(), *FACE, on("working", known_as()), on("working", estimated)
    )
    d.hold = True  # committed, but the process dies before it hears of it
    tell_story(d, on("confirm", press("confirm")))
    d.boot()
    (state,) = d.bills().values()
    assert (state.status, state.seq, len(d.ledger)) == (BillStatus.CONFIRMING, 1, 1)
    assert d.send(bill()).status == 202  # the HIS asks again with its key: the same bill
    tell_story(d, link_up, settled(), on("idle"))
    assert [one.status for one in d.bills().values()] == [BillStatus.SETTLED]
    assert len(d.ledger) == 1


def test_message_ids_go_on_behind_the_last_one_after_a_power_cut() -> None:
    d = offline_visit(desk(), "N1")
    d.boot()
    d = offline_visit(d, "N2")
    ids = [call["msgid"][-4:] for draft in d.drafts for call in draft.body["plan"]]
    assert ids == [f"{n:04d}" for n in range(1, 7)]


def test_the_his_may_have_a_bill_recorded_provisionally_although_the_link_is_up() -> None:
    """The HIS knows that the platform behind the centre is down. The card and a live face, no
    question to the centre; the record says that it was wished for; the centre judges."""
    d = tell_story(Desk(policy("P1", force=True)), link_up, lambda d: d.answer())
    tell_story(
        d,
        send(bill(prefer="force_provisional")),
        on("ways", press("face"), ways=["face", "card"], net="up"),
        on("card", post(e.CardRead("A00000001")), why="forced"),
        *LIVE,
        on("confirm", press("confirm"), mode="provisional", estimate=True),
        on("provisional"),
    )
    assert d.drafts[0].mode is Mode.PROVISIONAL
    assert d.drafts[0].body["prefer"] == "force_provisional"
    assert [one.infno for one in d.asks] == ["policy"]
    tell_story(d, settled(), on("settled"))
    assert d.terminal.status(d.now)["provisional"] == 0


def test_a_wish_to_force_is_refused_where_the_policy_does_not_allow_it() -> None:
    wish = send(bill(prefer="force_provisional"))
    for profile, code, detail in (
        ("P1", "offline_caps", {"cap": "force", "limit": 0}),
        ("P0", "offline_strict", {"profile": "P0"}),
    ):
        d = tell_story(Desk(policy(profile)), link_up, lambda d: d.answer(), wish)
        tell_story(d, on("refused", code=code, detail=detail))
        assert not d.drafts


def test_forcing_adds_no_hour_to_the_outage_and_no_record_to_its_caps() -> None:
    """Only the centre's word is contact: a link that is up and says nothing leaves the hours run."""
    d = tell_story(Desk(policy("P1", force=True)), link_up, lambda d: d.answer())
    contact = d.terminal.status(d.now)["centre_utc_ms"]
    tell_story(d, wait(24 * HOUR_MS + 1), send(bill(prefer="force_provisional")))
    tell_story(d, on("refused", detail={"cap": "hours", "limit": 24}))
    assert d.terminal.status(d.now)["centre_utc_ms"] == contact


def test_a_wished_record_of_a_bill_without_money_waits_for_the_network_as_ever() -> None:
    d = tell_story(Desk(policy("P1", force=True)), link_up, send(bill("register", 0)))
    assert d.screen.name == "ways"


def test_the_countdown_on_an_idle_screen_goes_on_by_itself_and_warns_in_time() -> None:
    d = desk()
    said = []
    for _ in range(25):
        offline = d.screen.fields["offline"]
        said.append((offline["left_minutes"], offline["warn"], offline["ended"]))
        d.wait(HOUR_MS)
    assert said[0] == (24 * 60, "", "")
    assert said[1] == (23 * 60, "", "")
    assert said[22] == (120, "time", "")
    assert said[23] == (60, "time", "")
    d = tell_story(desk(), wait(23 * HOUR_MS))
    before = len(d.shows)
    d.wait(10 * 60_000)
    later = [show.fields["offline"]["left_minutes"] for show in d.shows[before:]]
    assert sorted(set(later), reverse=True) == [59, 58, 57, 56, 55, 54, 53, 52, 51, 50]
    d.wait(HOUR_MS)
    assert d.screen.fields["offline"]["ended"] == "hours"


def test_a_signed_time_note_sets_the_records_clock_right_and_the_status_says_so() -> None:
    """A terminal without a battery for its clock boots three days ahead; the first reply of the
    centre puts that right, for this record and for the next outage."""
    d = Desk(policy("P1"))
    true = d.now
    d.now = Now(true.utc_ms + 3 * DAY_MS, true.mono_ms, 86_400_000)
    d.boot()
    assert d.terminal.status(d.now)["clock"]["source"] == "none"
    tell_story(d, link_up)
    d.post(e.Told(d.ask("policy").ask, 0, {}, centre_ms=true.utc_ms))
    clock = d.terminal.status(d.now)["clock"]
    assert (clock["source"], clock["offset_ms"], clock["since_ms"]) == ("centre", -3 * DAY_MS, 0)
    assert clock["error_ms"] <= 10
    offline_visit(tell_story(d, link_lost), "N1")
    at = d.drafts[0].at
    assert abs(at.utc_ms - (true.utc_ms + at.mono_ms - true.mono_ms)) <= at.error_ms < 1_000


def test_one_person_by_number_and_by_card_counts_once_for_the_cap_of_an_outage() -> None:
    """Known online by their card, then offline by the same card: one person. A card that was laid
    down for a child is the parent's, and the child's number is not theirs."""
    d = Desk(policy("P1", caps=Caps(per_person_per_outage=1)))
    tell_story(d, link_up, lambda d: d.answer(), send(bill(number="N1")))
    tell_story(d, on("ways", press("card")), on("card", post(e.CardRead("A1"))))
    tell_story(d, on("working", known_as()), on("working", estimated), link_lost)
    while d.screen.name != "confirm":
        tell_story(d, on(d.screen.name, good_face if d.screen.name == "look" else follow))
    tell_story(d, on("confirm", press("confirm"), mode="provisional"), on("provisional"), wait(8_000))
    assert d.ledger[0].local["person"] != d.ledger[0].local["card"] != ""
    tell_story(d, send(bill(number="N2")), on("ways", press("face")), on("card", post(e.CardRead("A1"))))
    tell_story(d, *LIVE, on("refused", detail={"cap": "person", "limit": 1}))
    d.wait(8_000)
    offline_visit(d, "N3", card="B2")


def test_a_policy_of_a_newer_version_is_refused_aloud_and_the_held_one_goes_on() -> None:
    """stripe-ios#275 the other way round: the centre was upgraded first. Nothing is switched off
    without a word; when the terminal understands again, the word is gone."""
    d = tell_story(Desk(policy("P1")), link_up)
    d.post(e.AnswerBad("E-POL-03"))
    d.post(e.Told(d.ask("policy").ask, 0, {"document": b"of a newer version"}))
    status = d.terminal.status(d.now)["policy"]
    assert (status["refused"], status["profile"]) == ("E-POL-03", "P1")
    assert status["attested_utc_ms"] == 0, "the centre has attested another policy, not this one"
    tell_story(d, link_lost)
    offline_visit(d, "N1")
    tell_story(d, link_up)
    d.tell("policy", {})
    assert d.terminal.status(d.now)["policy"]["refused"] == ""
