"""What is sent when, one promise at a time. The random walks are in test_outbox_walks.py."""

from __future__ import annotations

import itertools

import pytest

from edge.core.effects import Connect, Disconnect, Publish
from edge.core.events import Answered, Appended, Freed, LinkLost, LinkUp, Tick
from edge.core.sync.outbox import (
    AHEAD_MAX,
    BYTES_MAX,
    ENVELOPE_OVERHEAD,
    HELLO_EVERY_MS,
    QUIET_MAX_MS,
    RECORD_OVERHEAD,
    RECORDS_MAX,
    REFUSED_PAUSE_MS,
    WINDOW_MAX,
    Outbox,
)
from edge.core.sync.reconnect import Timing
from edge.core.types import Answer, Credit, Now, Outcome, Result
from edge.suites import es256
from edge.wire import envelope
from sim.dice import SeededDice
from sim.world.chain import Chain

QUIET = 30_000


def at(mono_ms: int) -> Now:
    return Now(utc_ms=0, mono_ms=mono_ms)


def answered(
    number: int, *seqs: int, upto: int | None = None, credit: Credit | None = None
) -> Answered:
    results = tuple(Result(seq, Outcome.SETTLED, {}, b"") for seq in seqs)
    upto = max(seqs, default=0) if upto is None else upto
    return Answered(
        Answer(number, 1, upto, bytes(32), results, 0, credit or Credit(), 0, bytes(32))
    )


class Desk:
    """An outbox with a clock; `sent` has the envelopes of the last step."""

    def __init__(self, sizes: list[int] | None = None, answered_seq: int = 0, **timing) -> None:
        self.outbox = Outbox(SeededDice(1), Timing(**timing))
        sizes = sizes or []
        self.outbox.restore(answered_seq + len(sizes), answered_seq, sizes)
        self.now = 0
        self.effects = self.outbox.start(at(0))

    def step(self, event, now: int | None = None) -> list[Publish]:
        self.now = self.now if now is None else now
        self.effects = self.outbox.step(event, at(self.now))
        return [effect for effect in self.effects if isinstance(effect, Publish)]

    def up(self) -> list[Publish]:
        """The link comes up; the hello's window is freed and the centre answers it."""
        first, *rest = self.step(LinkUp())
        assert is_hello(first)
        rest += self.step(Freed(first.token, True))
        return rest + self.step(answered(1))

    def append(self, size: int = 700) -> list[Publish]:
        seq = self.outbox.head_seq + 1
        return self.step(Appended(seq, bytes(16), bytes(32), size))


def is_hello(sent: Publish) -> bool:
    return sent.last_seq == sent.first_seq - 1


def ranges(sent: list[Publish]) -> list[tuple[int, int]]:
    return [(one.first_seq, one.last_seq) for one in sent]


# -- the link ---------------------------------------------------------------------------------------------------
def test_a_boot_connects_at_once_and_greets_with_a_hello():
    desk = Desk()
    assert desk.effects == [Connect()]
    assert ranges(desk.step(LinkUp())) == [(1, 0)]


def test_nothing_is_published_while_disconnected():
    desk = Desk([700] * 3)
    assert desk.append() == []
    desk.up()
    desk.step(LinkLost("E-NET-01"))
    for _ in range(5):
        assert desk.append() == []
    assert desk.step(Tick(), desk.outbox.deadline()) == []
    assert desk.effects == [Connect()]


def test_the_backlog_follows_the_hello_at_every_link_up():
    desk = Desk([700] * 3, answered_seq=5)
    assert ranges(desk.step(LinkUp())) == [(9, 8), (6, 8)]
    desk.step(LinkLost("E-NET-01"))
    desk.step(Tick(), desk.outbox.deadline())
    assert ranges(desk.step(LinkUp())) == [(9, 8), (6, 8)]


def test_a_record_goes_out_in_the_turn_it_became_durable():
    desk = Desk()
    desk.up()
    assert ranges(desk.append()) == [(1, 1)]
    assert ranges(desk.append()) == [(2, 2)]


def test_the_stop_leaves_and_stays_away():
    desk = Desk([700])
    desk.up()
    assert desk.outbox.stop(at(1)) == [Disconnect()]
    assert desk.step(LinkLost("E-NET-01"), 2) == []
    assert desk.outbox.deadline() is None
    assert desk.append() == []


# -- batches ----------------------------------------------------------------------------------------------------
def test_an_envelope_holds_at_most_64_records():
    desk = Desk([10] * 130)
    assert ranges(desk.up()) == [(1, 64), (65, 128), (129, 130)]


def test_an_envelope_holds_at_most_32_kb_and_a_larger_record_travels_alone():
    desk = Desk([15_000, 15_000, 15_000, 40_000, 10, 10])
    assert ranges(desk.up()) == [(1, 2), (3, 3), (4, 4), (5, 6)]


@pytest.mark.parametrize("slack", [0, 1])
def test_the_limit_counts_what_the_envelope_adds(slack):
    half = (BYTES_MAX - ENVELOPE_OVERHEAD) // 2 - RECORD_OVERHEAD + slack
    assert len(Desk([half, half]).up()) == 1 + slack


def test_what_fits_by_our_count_fits_on_the_wire():
    """The overheads are bounds for the real encoding with the longest names and numbers."""
    chain = Chain(epoch=2**40)
    rows = [chain.row(size) for size in [3000] * 9 + [300] * 60]
    desk = Desk([len(row.data) for row in rows])
    for sent in desk.up():
        datas = tuple(row.data for row in rows[sent.first_seq - 1 : sent.last_seq])
        longest = envelope.Envelope("t" * 32, 2**40, 2**40, datas, 2**40, 2**40, b"\xff" * 32)
        assert len(envelope.encode(longest)) <= BYTES_MAX
        assert len(datas) <= RECORDS_MAX
    assert es256.ALG == -7  # the sizes above are this suite's


# -- the window -------------------------------------------------------------------------------------------------
def test_the_window_is_the_centres_but_never_more_than_ours():
    for allowed, expected in ((3, 3), (0, 1), (500, WINDOW_MAX)):
        desk = Desk()
        desk.up()
        desk.step(answered(2, credit=Credit(window=allowed)))
        sent = [one for _ in range(40) for one in desk.append()]
        assert len(sent) == expected


def test_a_puback_frees_the_window_and_proves_nothing():
    desk = Desk()
    desk.up()
    desk.step(answered(2, credit=Credit(window=1)))
    (first,) = desk.append()
    assert desk.append() == []
    assert ranges(desk.step(Freed(first.token, True))) == [(2, 2)]
    assert desk.outbox.answered_seq == 0
    assert desk.outbox.waiting == 2


def test_a_puback_of_an_earlier_connection_frees_nothing():
    desk = Desk()
    desk.up()
    desk.step(answered(2, credit=Credit(window=1)))
    (old,) = desk.append()
    desk.step(LinkLost("E-NET-01"))
    desk.step(Tick(), desk.outbox.deadline())
    desk.step(LinkUp())
    assert desk.step(Freed(old.token, True)) == []
    assert desk.step(Freed(old.token, False)) == []


def test_a_negative_puback_counts_as_not_sent_and_is_not_hurried():
    desk = Desk()
    desk.up()
    (first,) = desk.append()
    (second,) = desk.append()
    assert desk.step(Freed(second.token, True)) == []
    assert desk.step(Freed(first.token, False), 1_000) == []
    assert desk.outbox.deadline() == 1_000 + REFUSED_PAUSE_MS
    assert ranges(desk.step(Tick(), 1_000 + REFUSED_PAUSE_MS)) == [(1, 2)]


def test_a_refused_hello_is_said_again():
    desk = Desk()
    (hello,) = desk.step(LinkUp())
    assert desk.step(Freed(hello.token, False)) == []
    (again,) = desk.step(Tick(), desk.outbox.deadline())
    assert is_hello(again)


def test_tokens_are_never_used_twice():
    desk = Desk([700] * 200)
    tokens = []
    for _ in range(5):
        tokens += [one.token for one in desk.step(LinkUp())]
        desk.step(LinkLost("E-NET-01"))
        desk.step(Tick(), desk.outbox.deadline())
    assert len(set(tokens)) == len(tokens) > 5


def test_the_pace_of_the_centre_is_kept():
    desk = Desk([10] * 300)
    desk.step(LinkUp())
    desk.step(LinkLost("E-NET-01"))
    desk.step(Tick(), desk.outbox.deadline())
    desk.step(answered(1, credit=Credit(pace_ms=500)))
    moments = [desk.now] * len(desk.step(LinkUp()))
    for _ in range(5):
        moments += [desk.outbox.deadline()] * len(desk.step(Tick(), desk.outbox.deadline()))
    assert len(moments) == 6
    assert {later - earlier for earlier, later in itertools.pairwise(moments)} == {500}


# -- answers ----------------------------------------------------------------------------------------------------
def test_only_an_answer_ends_the_waiting():
    desk = Desk([700] * 4)
    sent = desk.up()
    for one in sent:
        desk.step(Freed(one.token, True))
    assert desk.outbox.waiting == 4
    desk.step(answered(2, 1, 2, 3, 4))
    assert desk.outbox.waiting == 0


def test_pubacked_records_without_an_answer_are_sent_again():
    desk = Desk([700] * 4)
    for one in desk.up():
        desk.step(Freed(one.token, True))
    assert desk.outbox.deadline() == QUIET
    assert desk.step(Tick(), QUIET - 1) == []
    assert ranges(desk.step(Tick(), QUIET)) == [(1, 4)]


def test_while_nobody_answers_only_one_envelope_is_tried_at_a_time():
    desk = Desk([20_000] * 10)
    for one in desk.up():
        desk.step(Freed(one.token, True))
    tried = 0
    for _ in range(20):
        sent = desk.step(Tick(), desk.outbox.deadline())
        assert ranges(sent) in ([(1, 1)], [])
        for one in sent:
            desk.step(Freed(one.token, True))
        tried += len(sent)
    assert tried >= 10
    assert len(desk.step(answered(2, 1))) == 9  # somebody is back: all the rest


def test_a_slow_line_is_given_four_round_trips_but_not_for_ever():
    for rtt, patience in ((20_000, 80_000), (200_000, QUIET_MAX_MS)):
        desk = Desk(quiet_ms=250_000 if rtt == 200_000 else QUIET)
        desk.up()
        (one,) = desk.append()
        desk.step(Freed(one.token, True))
        desk.step(answered(2, 1), rtt)
        (one,) = desk.append()
        desk.step(Freed(one.token, True))
        assert desk.outbox.deadline() == rtt + patience


def test_the_round_trip_is_not_taken_from_a_resend():
    desk = Desk()
    desk.up()
    (one,) = desk.append()
    desk.step(Freed(one.token, True))
    (again,) = desk.step(Tick(), QUIET)
    desk.step(Freed(again.token, True))
    desk.step(answered(2, 1), QUIET + 29_000)  # 59 s after the first, 29 s after the second
    (one,) = desk.append()
    desk.step(Freed(one.token, True))
    assert desk.outbox.deadline() == desk.now + QUIET


def test_a_standing_still_centre_sends_us_back_at_once_but_once():
    """It has a gap: an envelope between was lost."""
    desk = Desk([20_000] * 3)
    desk.up()
    desk.step(answered(2, 1))
    assert ranges(desk.step(answered(3, upto=1))) == [(2, 2), (3, 3)]
    assert desk.step(answered(4, upto=1)) == []
    assert desk.step(answered(5, upto=1)) == []


def test_a_lost_answer_is_asked_for_by_sending_again():
    """The centre decided 1..3, the answer to 1 and 2 never came: without a result nothing is answered."""
    desk = Desk([20_000] * 3)
    desk.up()
    assert ranges(desk.step(answered(4, 3))) == [(1, 1), (2, 2), (3, 3)]
    assert desk.outbox.answered_seq == 0
    desk.step(answered(5, 1))
    desk.step(answered(6, 2))
    assert desk.outbox.answered_seq == 3


def test_a_hello_tells_what_is_missing():
    desk = Desk([700] * 3)
    desk.step(LinkUp())
    desk.step(answered(1, 1, 2, 3))
    assert desk.outbox.waiting == 0


def test_an_answer_of_before_is_harmless():
    desk = Desk([700] * 3)
    desk.up()
    desk.step(answered(2, 1, 2, 3))
    assert desk.step(answered(3, 2)) == []
    assert desk.outbox.answered_seq == 3


def test_a_broker_that_stops_acknowledging_is_left():
    desk = Desk([700])
    desk.up()
    assert desk.step(Tick(), QUIET) == []
    assert desk.effects == [Disconnect()]
    desk.step(LinkLost("E-NET-01"))
    desk.step(Tick(), desk.outbox.deadline())
    assert desk.effects == [Connect()]
    assert ranges(desk.step(LinkUp())) == [(2, 1), (1, 1)]


def test_a_quiet_day_asks_now_and_then_where_the_centre_stands():
    desk = Desk()
    desk.up()
    assert desk.outbox.deadline() == HELLO_EVERY_MS
    (hello,) = desk.step(Tick(), HELLO_EVERY_MS)
    assert is_hello(hello)


def test_one_go_back_costs_a_bounded_number_of_envelopes():
    desk = Desk([20_000] * 200)
    sent = desk.up()
    for _ in range(400):
        freed = [one for one in sent for one in desk.step(Freed(one.token, True))]
        if not freed:
            break
        sent = freed
    assert len(desk.outbox._ahead) == AHEAD_MAX


def test_a_record_out_of_order_is_our_mistake():
    desk = Desk([700])
    with pytest.raises(AssertionError):
        desk.step(Appended(3, bytes(16), bytes(32), 10))
    with pytest.raises(AssertionError):
        Outbox(SeededDice(1)).restore(5, 2, [1, 2])
