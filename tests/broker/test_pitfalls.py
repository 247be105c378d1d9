"""Every paho pitfall of the research (MQTT.md §2.2, T0 to T7), against a broker that behaves as
badly as asked."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.core.events import Freed, LinkLost, LinkUp
from edge.drivers.broker import PAYLOAD_BYTES_MAX, PUBLISHES_WAITING_MAX, Happening, Options
from edge.drivers.broker.paho import Driver
from sim.net.scripted_broker import Script, ScriptedBroker

WAIT_S = 20.0  # a hang guard, not a measurement
UP = "fp/1/00/yd-0001/up"


class Link:
    """A driver and what it posted."""

    def __init__(self, broker: ScriptedBroker, **changes: object) -> None:
        self.happened: queue.Queue[Happening] = queue.Queue()
        options = {
            "host": "127.0.0.1",
            "port": broker.port,
            "client_id": "yd-0001",
            "subscribe": ("fp/1/00/yd-0001/down", "fp/1/00/yd-0001/tell"),
            "state_topic": "fp/1/00/yd-0001/state",
            "tls": False,
        } | changes
        self.driver = Driver(Options(**options), self.happened.put)  # type: ignore[arg-type]

    def next(self) -> Happening:
        return self.happened.get(timeout=WAIT_S)

    def up(self) -> None:
        self.driver.connect()
        assert self.next() == LinkUp()

    def gone(self) -> None:
        """The driver's thread is over: nothing can come out of it any more."""
        line = self.driver._line
        assert line is not None
        line.thread.join(WAIT_S)
        assert not line.thread.is_alive()


@contextmanager
def linked(
    script: Script | None = None, **changes: object
) -> Iterator[tuple[ScriptedBroker, Link]]:
    with ScriptedBroker(script or Script()) as broker:
        link = Link(broker, **changes)
        try:
            yield broker, link
        finally:
            link.driver.close(WAIT_S)


def payloads(broker: ScriptedBroker) -> list[bytes]:
    return [message.payload for message in broker.published if message.topic == UP]


def until(holds: Callable[[], bool]) -> None:
    """Wait for something the broker's thread does."""
    give_up = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.002)


def settled(broker: ScriptedBroker, link: Link) -> None:
    """Everything sent before has arrived: a marker behind it was acknowledged."""
    link.driver.publish(UP, b"marker", 999_999)
    while (event := link.next()) != Freed(999_999, ok=True):
        assert isinstance(event, Freed)
    assert payloads(broker)[-1] == b"marker"


# -- T0, T1, T3: nothing is kept for later ---------------------------------------------------------
def test_paho_alone_still_keeps_what_it_refused() -> None:
    """The reason for the fence; when this fails, paho has changed and the fence may be
    reconsidered."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=mqtt.MQTTv311)
    assert client.publish(UP, b"x", 1).rc == mqtt.MQTT_ERR_NO_CONN
    assert len(client._out_messages) == 1


def test_t0_t1_a_publish_without_a_connection_is_never_sent_later() -> None:
    with linked() as (broker, link):
        link.driver.publish(UP, b"before any connect", 1)
        link.up()
        settled(broker, link)
        assert payloads(broker) == [b"marker"]


def test_t1_a_publish_before_link_up_is_never_sent_later() -> None:
    with linked(Script(suback=None)) as (broker, link):
        link.driver.connect()
        link.driver.publish(UP, b"too early", 1)
        until(lambda: broker.connections == 1)
        link.driver.publish(UP, b"still too early", 2)
        broker.script.suback = 1
        broker.hang_up()
        assert isinstance(link.next(), LinkLost)
        link.up()
        settled(broker, link)
        assert payloads(broker) == [b"marker"]


def test_t1_a_publish_that_races_the_end_of_the_connection_leaves_nothing_behind() -> None:
    with linked() as (broker, link):
        link.up()
        broker.hang_up()
        for token in range(50):  # before, while and after the driver notices
            link.driver.publish(UP, b"racing %d" % token, token)
        while not isinstance(link.next(), LinkLost):
            pass
        before = len(payloads(broker))
        link.driver.publish(UP, b"after the end", 77)
        link.up()
        settled(broker, link)
        assert payloads(broker)[before:] == [b"marker"]


def test_t3_the_message_number_may_wrap_and_no_token_is_lost_or_doubled() -> None:
    total, window = 400, 100
    with linked() as (_, link):
        link.up()
        line = link.driver._line
        assert line is not None
        line._client._last_mid = 65_535 - 200  # as after 65,335 messages
        sent = freed = 0
        seen = bytearray(total)
        while freed < total:
            while sent < total and sent - freed < window:
                link.driver.publish(UP, b"x", sent)
                sent += 1
            event = link.next()
            assert isinstance(event, Freed)
            assert event.ok
            seen[event.token] += 1
            freed += 1
        assert seen == bytes([1]) * total


def test_t3_more_than_the_bound_at_once_is_our_own_mistake_and_says_so() -> None:
    with linked() as (_, link):
        link.up()
        line = link.driver._line
        assert line is not None
        line._todo.extend([(UP, b"x", None)] * PUBLISHES_WAITING_MAX)
        with pytest.raises(AssertionError, match="window"):
            for _ in range(PUBLISHES_WAITING_MAX):  # the thread may take some away meanwhile
                line._todo.extend([(UP, b"x", None)] * PUBLISHES_WAITING_MAX)
                link.driver.publish(UP, b"one too many", 1)


def test_an_envelope_above_the_limit_is_our_own_mistake_and_says_so() -> None:
    with linked() as (_, link), pytest.raises(AssertionError, match="this large"):
        link.driver.publish(UP, bytes(PAYLOAD_BYTES_MAX + 1), 1)


# -- T2, T5: a new connection starts empty ---------------------------------------------------------
def test_t2_t5_nothing_unacknowledged_comes_by_itself_on_the_next_connection() -> None:
    with linked(Script(puback=lambda _n: None)) as (broker, link):
        link.up()
        for token in range(20):
            link.driver.publish(UP, b"unacked %d" % token, token)
        until(lambda: len(payloads(broker)) >= 20)
        broker.hang_up()
        assert isinstance(link.next(), LinkLost)
        broker.script.puback = lambda _n: 0
        link.up()
        settled(broker, link)
        assert [m.payload for m in broker.published if m.connection == 2 and m.topic == UP] == [
            b"marker"
        ]


def test_t5_a_resend_carries_the_same_bytes_and_no_duplicate_flag_of_pahos() -> None:
    with linked(Script(puback=lambda _n: None)) as (broker, link):
        link.up()
        link.driver.publish(UP, b"envelope", 1)
        until(lambda: bool(payloads(broker)))
        broker.hang_up()
        assert isinstance(link.next(), LinkLost)
        link.up()
        link.driver.publish(UP, b"envelope", 2)
        until(lambda: len(payloads(broker)) >= 2)
        assert payloads(broker) == [b"envelope", b"envelope"]
        assert not any(message.dup for message in broker.published)


def test_t2b_leaving_does_not_hang_while_messages_are_unacknowledged() -> None:
    with linked(Script(puback=lambda _n: None)) as (broker, link):
        link.up()
        for token in range(20):
            link.driver.publish(UP, b"unacked", token)
        until(lambda: len(payloads(broker)) >= 20)
        link.driver.disconnect()
        assert link.next() == LinkLost("E-NET-04")
        link.gone()
        until(lambda: broker.goodbyes == 1)
        assert broker.published[-1].payload == b"offline"


def test_t2b_leaving_does_not_hang_on_a_peer_that_reads_nothing() -> None:
    with linked() as (broker, link):
        link.up()
        broker.script.puback = lambda _n: WAIT_FOREVER.get() and None
        for token in range(200):  # fills the socket buffers: the goodbye cannot be written
            link.driver.publish(UP, bytes(60_000), token)
        link.driver.disconnect()
        assert link.next() == LinkLost("E-NET-04")
        link.gone()
    WAIT_FOREVER.put(True)


WAIT_FOREVER: queue.Queue[bool] = queue.Queue()


# -- T4: a negative PUBACK was not sent ------------------------------------------------------------
@pytest.mark.parametrize("reason", [0x80, 0x87, 0x97])
def test_t4_a_negative_puback_frees_the_window_and_says_not_sent(reason: int) -> None:
    with linked(Script(puback=lambda n: 0 if n == 1 else reason), protocol="5") as (_, link):
        link.up()
        link.driver.publish(UP, b"x", 7)
        assert link.next() == Freed(7, ok=False)


def test_t4_nobody_subscribed_is_not_a_refusal() -> None:
    with linked(Script(puback=lambda n: 0 if n == 1 else 0x10), protocol="5") as (_, link):
        link.up()
        link.driver.publish(UP, b"x", 7)
        assert link.next() == Freed(7, ok=True)


# -- T6, T7: no reconnect of its own, and a frozen peer is noticed ---------------------------------
def test_t6_after_the_end_the_driver_makes_no_attempt_of_its_own() -> None:
    with linked() as (broker, link):
        link.up()
        broker.hang_up()
        assert isinstance(link.next(), LinkLost)
        link.gone()  # no thread, no attempt
        assert broker.connections == 1
        assert link.happened.empty()


def test_t7_a_frozen_peer_ends_the_connection_by_itself() -> None:
    with linked(Script(pings=False), keepalive_s=1) as (_, link):
        link.up()
        assert link.next() == LinkLost("E-NET-07")
        link.gone()


# -- how an attempt can fail -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("script", "code", "refused"),
    [
        (Script(connack=5), "E-NET-03", True),
        (Script(connack=2), "E-NET-03", True),
        (Script(suback=0x80), "E-NET-06", True),
        (Script(connack=None), "E-NET-05", False),
        (Script(suback=None), "E-NET-05", False),
        (Script(instead_of_connack=b"\x20\xff\xff\xff\xff\xff"), "E-NET-09", False),
        (Script(instead_of_connack=b"\x20\x00"), "E-NET-08", False),
        (Script(instead_of_connack=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "E-NET-05", False),
    ],
    ids=["not-allowed", "bad-id", "acl", "no-connack", "no-suback", "length", "empty", "http"],
)
def test_an_attempt_that_fails_says_how_and_ends(script: Script, code: str, refused: bool) -> None:
    with linked(script, connect_timeout_s=1) as (_, link):
        link.driver.connect()
        assert link.next() == LinkLost(code, refused=refused)
        link.gone()


@pytest.mark.parametrize("nonsense", [b"\x30\xff\xff\xff\xff\xff", b"\x30\x01\x00", b"\xf0\x00"])
def test_nonsense_in_the_middle_ends_the_connection_and_a_new_one_works(nonsense: bytes) -> None:
    with linked(Script(after_suback=nonsense)) as (broker, link):
        link.up()
        assert isinstance(link.next(), LinkLost)
        link.gone()
        broker.script.after_suback = b""
        link.up()
        settled(broker, link)


def test_nobody_listening_is_said_and_the_caller_was_not_kept_waiting() -> None:
    with ScriptedBroker() as broker:
        link = Link(broker)
    link.driver.connect()
    assert link.next() == LinkLost("E-NET-01")
    link.gone()


def test_a_message_above_the_limit_ends_the_connection() -> None:
    size = PAYLOAD_BYTES_MAX + 1
    body = b"\x00\x01t" + bytes(size)
    length = len(body)
    head = bytes([0x30, length & 127 | 128, (length >> 7) & 127 | 128, length >> 14])
    with linked(Script(after_suback=head + body)) as (_, link):
        link.up()
        assert link.next() == LinkLost("E-NET-09")
        link.gone()


def test_a_message_that_announces_more_than_the_limit_is_not_waited_for() -> None:
    announced = b"\x30\xff\xff\xff\x7f" + bytes(1000)  # 256 MB, of which nearly nothing comes
    with linked(Script(after_suback=announced)) as (_, link):
        link.up()
        assert link.next() == LinkLost("E-NET-09")
        link.gone()


def test_the_last_words_of_a_connection_that_was_given_up_are_not_for_the_new_one() -> None:
    with linked() as (_, link):
        link.up()
        link.driver.connect()
        assert link.next() == LinkUp()  # not the LinkLost of the first
        link.driver.disconnect()
        assert link.next() == LinkLost("E-NET-04")
        assert link.happened.empty()
