"""The centre's log is not what it was: nothing is accepted offline before a person at the centre has
looked."""

from __future__ import annotations

from edge.core import events as e
from tests.flows.kit import (
    Desk,
    bill,
    link_lost,
    link_up,
    on,
    policy,
    post,
    press,
    send,
    tell_story,
    wait,
)


def desk() -> Desk:
    """The link was up, the centre was heard, then the wire was cut."""
    return tell_story(Desk(policy("P1")), link_up, lambda d: d.answer(), link_lost)


def stop_code(d: Desk) -> str:
    return str(d.terminal.status(d.now)["stop_code"])


def newer(d: Desk, version: int) -> None:
    d.post(e.PolicyArrived(policy("P1", version=version), bytes([version]) * 32, b"doc"))


def test_a_forked_log_stops_offline_acceptance_until_a_person_at_the_centre_lifts_it() -> None:
    d = tell_story(
        desk(), post(e.AnswerBad("E-WIR-05")), send(), on("ways"), press("cancel"), wait(8_000)
    )
    tell_story(d, post(e.AnswerBad("E-LOG-04")))
    d.boot()
    tell_story(
        d, send(bill(number="N2")), on("refused", detail={"cap": "log", "limit": 0}), wait(8_000)
    )
    assert not [x for x in d.asks if x.infno == "incident"]
    newer(d, 4)
    assert stop_code(d) == "E-LOG-04", "a policy of one that knows nothing of it lifts nothing"
    tell_story(d, link_up)
    asked = d.ask("incident")
    assert (asked.body["code"], len(asked.body["stop"])) == ("E-LOG-04", 16)
    d.post(e.Told(asked.ask, 0, {"policy_version": 5}))
    newer(d, 5)  # signed before the centre knew
    d.boot()
    assert stop_code(d) == "E-LOG-04"
    newer(d, 6)
    assert stop_code(d) == ""
    tell_story(d, link_lost, send(bill(number="N3")), on("ways"))
    d.boot()
    assert stop_code(d) == ""


def test_a_stop_is_told_until_the_centre_has_answered_and_each_has_its_own_name() -> None:
    d = tell_story(desk(), link_up, post(e.AnswerBad("E-LOG-05")), post(e.AnswerBad("E-LOG-04")))
    first = d.ask("incident")
    d.post(e.Told(first.ask, -1, {}))
    d.post(e.Told(bytes(16), 0, {"policy_version": 1}))  # nobody asked that
    tell_story(d, link_lost, link_up)
    again = d.ask("incident")
    assert (again.body["stop"], again.body["code"]) == (first.body["stop"], "E-LOG-05")
    for odd in (None, -1, "4", 2**60):
        d.post(e.Told(d.ask("incident").ask, 0, {"policy_version": odd}))
        tell_story(d, link_lost, link_up)
        assert stop_code(d) == "E-LOG-05"
    newer(d, 7)
    d.post(e.Told(d.ask("incident").ask, 0, {"policy_version": 6}))  # it was lifted meanwhile
    assert stop_code(d) == ""
    tell_story(d, post(e.AnswerBad("E-LOG-04")))
    assert d.ask("incident").body["stop"] != first.body["stop"]
