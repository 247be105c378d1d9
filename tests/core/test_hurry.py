"""`facepay sync --now`: at once, once, and never a storm."""

from __future__ import annotations

from edge.core.effects import Connect, Publish
from edge.core.events import LinkLost, LinkUp, Saved, SyncAsked, Tick
from edge.core.sync.outbox import HURRY_EVERY_MS
from tests.core.test_outbox import Desk as Line
from tests.core.test_outbox import is_hello
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
    tell_story,
)

LONG_MS = 300_000


def connects(line: Line) -> int:
    return sum(isinstance(effect, Connect) for effect in line.effects)


def waiting_line() -> Line:
    line = Line([700], spread_ms=LONG_MS, base_ms=LONG_MS, cap_ms=LONG_MS)
    line.step(LinkUp())
    line.step(LinkLost("E-NET-01"), 10_000)
    assert line.outbox.state == "waiting"
    return line


def test_whoever_asks_for_it_gets_an_attempt_at_once() -> None:
    line = waiting_line()
    assert line.outbox.next_try_ms(line.now) > 0
    line.step(SyncAsked(1))
    assert (connects(line), line.outbox.state) == (1, "trying")


def test_asking_again_and_again_is_no_storm() -> None:
    line = waiting_line()
    line.step(SyncAsked(1))
    line.step(LinkLost("E-NET-01"))
    for _ in range(50):
        line.step(SyncAsked(2))
        assert connects(line) == 0
    line.step(SyncAsked(3), line.now + HURRY_EVERY_MS)
    assert connects(line) == 1


def test_the_back_off_begins_anew_after_it() -> None:
    line = Line([700], spread_ms=0, base_ms=1_000, cap_ms=LONG_MS)
    for _ in range(12):  # failures: the next wait could be minutes
        line.step(LinkLost("E-NET-01"))
        line.step(Tick(), line.outbox.deadline())
    line.step(LinkLost("E-NET-01"))
    line.step(SyncAsked(1))
    line.step(LinkLost("E-NET-01"))
    assert line.outbox.next_try_ms(line.now) <= 1_000


def test_over_a_link_that_is_up_the_centre_is_asked_where_it_stands() -> None:
    line = Line([700])
    line.up()
    sent = line.step(SyncAsked(1), 6_000)
    assert any(is_hello(one) for one in sent)
    assert all(isinstance(one, Publish) for one in sent)
    assert line.step(SyncAsked(2)) == []


def test_the_answer_says_what_waits_and_why() -> None:
    d = tell_story(Desk(policy("P1")), link_up, send(bill(amount_fen=123_00)), *FACE, known_as())
    tell_story(d, estimated, on("confirm", press("confirm")), link_lost)
    d.post(Saved(50_000_000))
    d.wait(3_600_000)
    d.post(SyncAsked(77))
    told = d.replies[77].body
    backlog, link = told["backlog"], told["link"]
    assert (backlog["count"], backlog["amount_fen"]) == (1, 123_00)
    assert backlog["bytes"] == 900
    assert 0 < backlog["oldest_utc_ms"] <= d.now.utc_ms - 3_600_000
    assert backlog["days_left"] > 100
    assert (link["code"], link["refused"]) == ("E-NET-01", False)
    d.post(LinkUp())
    assert d.terminal.status(d.now)["link"]["code"] == ""
