"""When the terminal knocks again."""

from __future__ import annotations

import random

import pytest

from edge.core.sync.reconnect import (
    ANSWER_WAIT_MS,
    LEAVE_WAIT_MS,
    TABLE,
    Act,
    Link,
    Reconnect,
    Sign,
    Timing,
    timing_of,
)
from edge.core.types import Settings
from sim.dice import SeededDice

FLEET = 4000


def machine(seed: int = 1, **timing) -> Reconnect:
    return Reconnect(SeededDice(seed), Timing(**timing))


def lost_after(held_ms: int, seed: int = 1, **timing) -> Reconnect:
    link = machine(seed, **timing)
    link.step(Sign.START, 0)
    link.step(Sign.UP, 0)
    link.step(Sign.LOST, held_ms)
    return link


def test_every_state_knows_every_sign():
    assert set(TABLE) == {(state, sign) for state in Link for sign in Sign}


def test_every_state_is_reached_and_left():
    assert {state for state, _ in TABLE.values()} == set(Link)
    for state in Link:
        assert any(TABLE[state, sign][0] is not state for sign in Sign)


def test_the_first_connect_of_a_boot_is_immediate():
    link = machine()
    assert link.step(Sign.START, 5) is Act.ATTEMPT
    assert link.state is Link.TRYING


def test_nothing_happens_before_the_drawn_moment_and_one_attempt_at_it():
    link = lost_after(100_000)
    due = link.deadline()
    assert link.step(Sign.DUE, due - 1) is Act.NOTHING
    assert link.step(Sign.DUE, due) is Act.ATTEMPT
    assert link.step(Sign.DUE, due) is Act.NOTHING


def test_a_fleet_comes_back_spread_over_the_minute():
    waits = [lost_after(100_000, seed).deadline() - 100_000 for seed in range(FLEET)]
    assert min(waits) >= 0
    assert max(waits) <= 60_000
    seconds = [0] * 60
    for wait in waits:
        seconds[min(wait // 1000, 59)] += 1
    assert max(seconds) < 2.2 * FLEET / 60  # no second takes more than about its share


def test_the_centre_may_ask_for_a_wider_spread_but_not_for_a_narrower_one():
    def widest(announced: int) -> int:
        found = 0
        for seed in range(300):
            link = machine(seed)
            link.announced_spread_ms = announced
            link.step(Sign.START, 0)
            link.step(Sign.UP, 0)
            link.step(Sign.LOST, 100_000)
            found = max(found, link.deadline() - 100_000)
        return found

    assert 100_000 < widest(120_000) <= 120_000
    assert 50_000 < widest(0) <= 60_000


def spans(link: Reconnect, attempts: int, *, refused: bool = False) -> list[int]:
    """The waits after failed attempts in a row."""
    now, waits = 0, []
    link.step(Sign.START, now)
    for _ in range(attempts):
        link.step(Sign.LOST, now, refused=refused)
        waits.append(link.deadline() - now)
        now = link.deadline()
        assert link.step(Sign.DUE, now) is Act.ATTEMPT
    return waits


def test_failed_attempts_back_off_with_full_jitter_up_to_the_cap():
    tries = [spans(machine(seed), 12) for seed in range(300)]
    for number in range(12):
        waits = [waits[number] for waits in tries]
        span = min(2_000 << number, 300_000)
        assert max(waits) <= span
        assert max(waits) > 0.9 * span
        assert min(waits) < 0.1 * span  # full jitter: near zero as well


def test_a_broker_that_says_no_is_not_hurried():
    firsts = [spans(machine(seed), 1, refused=True)[0] for seed in range(200)]
    assert max(firsts) > 200_000


def test_the_back_off_is_forgotten_only_after_a_stable_link():
    def span_after(held_ms: int) -> int:
        widest = 0
        for seed in range(200):
            link = machine(seed, spread_ms=0)
            spans(link, 6)
            now = 1_000_000
            link.step(Sign.UP, now)
            link.step(Sign.LOST, now + held_ms)
            widest = max(widest, link.deadline() - now - held_ms)
        return widest

    assert span_after(30_000) <= 2_000
    assert span_after(29_999) > 60_000


def test_a_link_that_flaps_is_spread_each_time():
    """Or a broker that dies under the load would be knocked down again by everybody at once."""
    waits = []
    for seed in range(300):
        link = lost_after(1_000, seed)
        waits.append(link.deadline() - 1_000)
    assert max(waits) > 50_000


def test_an_attempt_that_reports_nothing_is_given_up():
    link = machine()
    link.step(Sign.START, 0)
    assert link.step(Sign.DUE, ANSWER_WAIT_MS) is Act.LEAVE
    assert link.step(Sign.DUE, ANSWER_WAIT_MS + LEAVE_WAIT_MS) is Act.JITTER
    assert link.deadline() is not None


def test_after_the_stop_nothing_starts_again():
    for state_signs in ((), (Sign.UP,), (Sign.UP, Sign.LOST), (Sign.UP, Sign.DROP)):
        link = machine()
        link.step(Sign.START, 0)
        for sign in state_signs:
            link.step(sign, 1)
        assert link.step(Sign.STOP, 2) is Act.LEAVE
        assert link.deadline() is None
        assert link.step(Sign.LOST, 3) is Act.NOTHING
        assert link.step(Sign.UP, 4) is Act.LEAVE  # an attempt that came through too late
        assert link.state is Link.OFF


def test_no_run_of_signs_leaves_the_link_waiting_for_nothing():
    """Whatever is reported in whatever order: unless switched off, up, or due at some moment."""
    dice = random.Random(9)
    for seed in range(200):
        link, now = machine(seed), 0
        link.step(Sign.START, now)
        for _ in range(60):
            now += dice.randrange(100_000)
            link.step(
                dice.choice([s for s in Sign if s is not Sign.STOP]),
                now,
                refused=dice.random() < 0.2,
            )
            assert link.state is Link.UP or link.deadline() is not None


@pytest.mark.parametrize("bad", [{"base_ms": 0}, {"base_ms": 10, "cap_ms": 5}, {"spread_ms": -1}])
def test_senseless_timing_is_our_mistake(bad):
    with pytest.raises(AssertionError):
        machine(**bad)


def test_the_configuration_reaches_the_machine():
    settings = Settings(
        "t",
        "c",
        "n",
        "a",
        "o",
        "on",
        reconnect_spread_ms=1,
        reconnect_base_ms=2,
        reconnect_cap_ms=3,
        reconnect_stable_ms=4,
        answer_quiet_ms=5,
    )
    assert timing_of(settings) == Timing(1, 2, 3, 4, 5)
    assert timing_of(Settings("t", "c", "n", "a", "o", "on")) == Timing()
