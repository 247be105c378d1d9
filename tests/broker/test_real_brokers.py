"""The link against real brokers with TLS and a certificate for each side: amqtt (pip) and mosquitto
(apt)."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.events import Freed, LinkLost, LinkUp
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from edge.errors import EdgeError
from sim.net.brokers import BrokerProcess, NetProxy, make_cert, start_amqtt, start_mosquitto

WAIT_S = 30.0  # a hang guard, not a measurement
TERMINAL, OTHER, CENTRE = "yd-0001", "yd-0002", "centre"


class Party:
    """One driver at a broker, and what it was told."""

    def __init__(
        self, broker: BrokerProcess, name: str, *subscribe: str, **changes: object
    ) -> None:
        cert, key = broker.client(name)
        options = {
            "host": "127.0.0.1",
            "port": broker.port,
            "client_id": name,
            "subscribe": subscribe or (topic(name, "down"), topic(name, "tell")),
            "state_topic": topic(name, "state"),
            "ca": str(broker.ca),
            "cert": str(cert),
            "key": str(key),
        } | changes
        self.happened: queue.Queue[Happening] = queue.Queue()
        self.driver = Driver(Options(**options), self.happened.put)  # type: ignore[arg-type]

    def next(self) -> Happening:
        return self.happened.get(timeout=WAIT_S)

    def until(self, wanted: Happening) -> list[Happening]:
        """What came before `wanted` did."""
        before = []
        while (event := self.next()) != wanted:
            before.append(event)
        return before

    def up(self) -> Party:
        self.driver.connect()
        assert self.next() == LinkUp()
        return self

    def close(self) -> None:
        self.driver.close(WAIT_S)


def topic(name: str, what: str) -> str:
    return f"fp/1/00/{name}/{what}"


@pytest.fixture(scope="module", params=["amqtt", "mosquitto"])
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerProcess]:
    start = {"amqtt": start_amqtt, "mosquitto": start_mosquitto}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as process:
        yield process


@pytest.fixture
def parties(broker: BrokerProcess) -> Iterator[list[Party]]:
    opened: list[Party] = []
    yield opened
    for party in opened:
        party.close()


def centre(broker: BrokerProcess, parties: list[Party]) -> Party:
    everything = tuple(f"fp/1/+/+/{what}" for what in ("up", "ask", "state"))
    parties.append(Party(broker, CENTRE, *everything).up())
    return parties[-1]


def terminal(
    broker: BrokerProcess, parties: list[Party], name: str = TERMINAL, **changes: object
) -> Party:
    parties.append(Party(broker, name, **changes))
    return parties[-1]


def test_an_envelope_and_its_answer_go_through(broker: BrokerProcess, parties: list[Party]) -> None:
    desk = centre(broker, parties)
    me = terminal(broker, parties).up()
    me.driver.publish(topic(TERMINAL, "up"), b"envelope", 1)
    desk.until(Message(topic(TERMINAL, "up"), b"envelope"))
    assert me.next() == Freed(1, ok=True)
    desk.driver.publish(topic(TERMINAL, "down"), b"answer", 1)
    assert me.next() == Message(topic(TERMINAL, "down"), b"answer")


def test_a_terminal_sees_and_writes_its_own_topics_only(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    desk = centre(broker, parties)
    nosy = terminal(
        broker, parties, subscribe=("fp/1/+/+/up", topic(OTHER, "down"), topic(TERMINAL, "down"))
    )
    nosy.driver.connect()
    if nosy.next() == LinkLost("E-NET-06", refused=True):
        # amqtt says no to the SUBSCRIBE; mosquitto grants it and delivers nothing (MQTT.md §1.2).
        # Both will do.
        nosy = terminal(broker, parties)
        nosy.up()
    other = terminal(broker, parties, OTHER).up()
    other.driver.publish(topic(OTHER, "up"), b"private", 1)
    desk.until(Message(topic(OTHER, "up"), b"private"))
    nosy.driver.publish(topic(OTHER, "up"), b"forged", 1)
    nosy.driver.publish(
        topic(TERMINAL, "down"), b"forged", 2
    )  # not even its own down: the centre alone answers
    nosy.driver.publish(topic(TERMINAL, "up"), b"own", 3)
    before = desk.until(Message(topic(TERMINAL, "up"), b"own"))
    assert not [
        event for event in before if isinstance(event, Message) and event.payload == b"forged"
    ]
    desk.driver.publish(topic(OTHER, "down"), b"secret", 1)
    desk.driver.publish(topic(TERMINAL, "down"), b"for you", 2)
    got = nosy.until(Message(topic(TERMINAL, "down"), b"for you"))
    assert not [event for event in got if isinstance(event, Message)]


def test_a_publish_that_the_acl_drops_is_acknowledged_so_a_puback_proves_nothing(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    me = terminal(broker, parties).up()
    me.driver.publish(topic(OTHER, "up"), b"not allowed", 5)
    assert me.next() == Freed(5, ok=True)


def test_the_state_topic_tells_online_and_the_last_will_offline(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    with NetProxy(broker.port) as wire:
        me = terminal(broker, parties, port=wire.port).up()
        desk = centre(broker, parties)
        desk.until(
            Message(topic(TERMINAL, "state"), b"online")
        )  # retained: it was said before we came
        wire.cut()
        assert me.next() == LinkLost("E-NET-04")
        desk.until(Message(topic(TERMINAL, "state"), b"offline"))
        wire.restore()
        me.up()
        desk.until(Message(topic(TERMINAL, "state"), b"online"))
        me.driver.disconnect()
        desk.until(Message(topic(TERMINAL, "state"), b"offline"))


def test_a_dead_line_is_noticed_though_nobody_says_so(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    with NetProxy(broker.port) as wire:
        me = terminal(broker, parties, port=wire.port, keepalive_s=1).up()
        wire.blackhole()
        assert me.next() == LinkLost("E-NET-07")


def test_a_handshake_that_never_ends_does_not_keep_the_caller(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    with NetProxy(broker.port) as wire:
        wire.blackhole()
        me = terminal(broker, parties, port=wire.port, connect_timeout_s=2)
        me.driver.connect()
        assert me.happened.empty()  # connect() came back while the handshake hangs
        lost = me.next()
        assert isinstance(lost, LinkLost)
        assert not lost.refused


def test_a_broker_that_dies_is_an_event_and_the_next_attempt_works(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    me = terminal(broker, parties).up()
    broker.kill()
    assert isinstance(me.next(), LinkLost)
    me.driver.connect()
    assert me.next() == LinkLost("E-NET-01")
    broker.restart()
    me.up()


def test_another_ca_is_refused_here_and_there(
    broker: BrokerProcess, parties: list[Party], tmp_path: Path
) -> None:
    cert, key = make_cert(tmp_path, TERMINAL)  # right name, wrong authority
    stranger = terminal(broker, parties, cert=str(cert), key=str(key))
    stranger.driver.connect()
    lost = stranger.next()
    assert isinstance(lost, LinkLost)
    assert lost.code in {"E-NET-02", "E-NET-08"}
    deceived = terminal(broker, parties, ca=str(tmp_path / "ca.pem"))
    deceived.driver.connect()
    assert deceived.next() == LinkLost("E-NET-02", refused=True)


def test_no_certificate_or_one_of_another_terminal_is_no_way_in(
    broker: BrokerProcess, parties: list[Party]
) -> None:
    nobody = terminal(broker, parties, cert="", key="")
    nobody.driver.connect()
    lost = nobody.next()
    assert isinstance(lost, LinkLost)
    assert lost.code in {"E-NET-02", "E-NET-03", "E-NET-08"}
    # The certificate of another, our own client id: mosquitto takes the CN as the user, amqtt
    # refuses at CONNECT.
    cert, key = broker.client(OTHER)
    desk = centre(broker, parties)
    thief = terminal(broker, parties, cert=str(cert), key=str(key))
    thief.driver.connect()
    if thief.next() == LinkUp():
        thief.driver.publish(topic(TERMINAL, "up"), b"forged", 1)
        thief.driver.publish(topic(OTHER, "up"), b"as whom I am", 2)
        before = desk.until(Message(topic(OTHER, "up"), b"as whom I am"))
        assert not [
            event for event in before if isinstance(event, Message) and event.payload == b"forged"
        ]


def test_certificate_files_that_do_not_work_are_a_start_error(
    broker: BrokerProcess, tmp_path: Path
) -> None:
    (tmp_path / "broken.pem").write_text("not a certificate")
    for changes in ({"ca": str(tmp_path / "missing.pem")}, {"cert": str(tmp_path / "broken.pem")}):
        with pytest.raises(EdgeError) as raised:
            Party(broker, TERMINAL, **changes)
        assert raised.value.code == "E-NET-02"


def test_mqtt_5_tells_of_the_denied_publish_where_the_broker_speaks_it(tmp_path: Path) -> None:
    with start_mosquitto(tmp_path) as broker:
        me = Party(broker, TERMINAL, protocol="5").up()
        me.driver.publish(topic(OTHER, "up"), b"not allowed", 5)
        assert me.next() == Freed(5, ok=False)
        me.close()


def test_the_wire_can_be_slow(broker: BrokerProcess, parties: list[Party]) -> None:
    with NetProxy(broker.port) as wire:
        wire.delay_ms = 50
        me = terminal(broker, parties, port=wire.port).up()
        began = time.monotonic()
        me.driver.publish(topic(TERMINAL, "up"), b"x", 1)
        assert me.next() == Freed(1, ok=True)
        assert time.monotonic() - began >= 0.1  # there and back; a lower bound holds on any machine
