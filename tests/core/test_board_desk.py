"""What the controller says about itself is in the status, and nothing of it is a dead end."""

from __future__ import annotations

from typing import Any

import pytest

from edge.core import events as e
from edge.core.effects import ClearTamper, Reply
from edge.core.parts.board import OF_LIMIT
from edge.explain import explain
from edge.wire import frame
from tests.flows.kit import Desk, link_up, policy, tell_story

INFO = {"version": "0.1.0", "build": "ab" * 8, "slot": "b", "trial": True}


def shown(desk: Desk) -> Any:
    """/v1/status."""
    return desk.terminal.status(desk.now)


@pytest.fixture
def desk() -> Desk:
    one = tell_story(Desk(policy("P1")), link_up, lambda d: d.answer())
    one.post(e.BoardUp(INFO))
    return one


def test_its_readings_are_in_the_status(desk: Desk) -> None:
    desk.post(e.BoardHealth(5010, 271, (), 90_000, 12))
    desk.post(e.BoardLine(60_000, 3, 0, {"E-BRD-14": 2}))
    desk.post(e.Nearby(True, 40_000))
    desk.post(e.Lit(7, (0, 150_000)))
    desk.post(e.Emitted("white", 500, "longest"))
    told = shown(desk)["controller"]
    assert told["readings"]["supply_mv"] == 5010
    assert (told["near"], told["slot"], told["trial"]) == (True, "b", True)
    assert told["line"] == {
        "uptime_ms": 60_000, "noise": 3, "forged": 0, "faults": {"E-BRD-14": 2},
    }  # fmt: skip
    assert told["challenge"] == [7, 0, 150_000]
    assert told["emitted"] == ["white", 500, "longest"]
    assert shown(desk)["alarms"] == []


def test_an_opened_case_is_an_alarm_until_the_controller_says_that_it_is_cleared(
    desk: Desk,
) -> None:
    desk.post(e.Tampered((), ("case",)))
    assert shown(desk)["alarms"] == ["E-BRD-40"]
    desk.post(e.BoardLost("E-BRD-04"))
    assert shown(desk)["alarms"] == ["E-BRD-40"], "unplugging it is no way out"
    seen = len(desk.effects)
    desk.post(e.ClearTamperAsked(call=9))
    assert ClearTamper(("case",)) in desk.effects[seen:]
    assert [one.status for one in desk.effects[seen:] if isinstance(one, Reply)] == [202]
    assert shown(desk)["alarms"] == ["E-BRD-40"], "only its own word counts"
    desk.post(e.Tampered((), ()))
    assert shown(desk)["alarms"] == []


def test_nothing_latched_is_nothing_to_clear(desk: Desk) -> None:
    seen = len(desk.effects)
    desk.post(e.ClearTamperAsked(call=9))
    assert not any(isinstance(one, ClearTamper) for one in desk.effects[seen:])


@pytest.mark.parametrize("limit", frame.LIMITS)
def test_every_limit_is_an_alarm_with_a_next_step(desk: Desk, limit: str) -> None:
    desk.post(e.BoardHealth(5000, 270, (limit,), 90_000, 12))
    (code,) = shown(desk)["alarms"]
    assert code == OF_LIMIT[limit]
    assert explain(code)
    desk.post(e.BoardLost("E-BRD-09"))
    assert shown(desk)["alarms"] == [], "an old reading is none"
