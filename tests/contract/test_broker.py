"""What every broker driver promises, checked for every file in edge/drivers/broker/."""

from __future__ import annotations

import inspect
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core.events import Freed, LinkLost, LinkUp
from edge.drivers.broker import Broker, Happening, Message, Options
from edge.loader import choices, load
from sim.net.brokers import BrokerProcess, start_amqtt

WAIT_S = 30.0
DRIVERS = choices("broker")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with start_amqtt(tmp_path_factory.mktemp("lab"), tls=False) as process:
        yield process


@pytest.fixture(params=DRIVERS)
def made(
    request: pytest.FixtureRequest, lab: BrokerProcess
) -> Iterator[tuple[Broker, queue.Queue[Happening]]]:
    happened: queue.Queue[Happening] = queue.Queue()
    options = Options(
        host="127.0.0.1",
        port=lab.port,
        client_id="centre",
        subscribe=("fp/1/+/+/up",),
        state_topic="fp/1/00/centre/state",
        tls=False,
    )
    driver = load("broker", request.param)(options, happened.put)
    yield driver, happened
    driver.close(WAIT_S)


def test_there_is_a_driver_to_check() -> None:
    assert "paho" in DRIVERS


@pytest.mark.parametrize("name", DRIVERS)
def test_it_has_the_methods_of_the_port_with_their_arguments(name: str) -> None:
    driver = load("broker", name)
    for method, wanted in inspect.getmembers(Broker, inspect.isfunction):
        if method.startswith("_"):
            continue
        assert list(inspect.signature(getattr(driver, method)).parameters) == list(
            inspect.signature(wanted).parameters
        )


def test_up_publish_message_freed_and_down_in_that_order(
    made: tuple[Broker, queue.Queue[Happening]],
) -> None:
    driver, happened = made
    driver.connect()
    assert happened.get(timeout=WAIT_S) == LinkUp()
    driver.publish("fp/1/00/yd-0001/up", b"bytes", 3)
    both = {
        type(event): event for event in (happened.get(timeout=WAIT_S), happened.get(timeout=WAIT_S))
    }
    assert both == {Message: Message("fp/1/00/yd-0001/up", b"bytes"), Freed: Freed(3, ok=True)}
    driver.publish("fp/1/00/yd-0001/up", b"no token", None)
    assert happened.get(timeout=WAIT_S) == Message("fp/1/00/yd-0001/up", b"no token")
    driver.disconnect()
    assert happened.get(timeout=WAIT_S) == LinkLost("E-NET-04")
    assert happened.empty()  # a publish without a token frees nothing


def test_it_connects_again_when_told(made: tuple[Broker, queue.Queue[Happening]]) -> None:
    driver, happened = made
    for _ in range(3):
        driver.connect()
        assert happened.get(timeout=WAIT_S) == LinkUp()
        driver.disconnect()
        assert happened.get(timeout=WAIT_S) == LinkLost("E-NET-04")


def test_disconnect_and_close_without_a_connection_do_nothing(
    made: tuple[Broker, queue.Queue[Happening]],
) -> None:
    driver, happened = made
    driver.disconnect()
    driver.publish("fp/1/00/yd-0001/up", b"nobody hears", 1)
    driver.close(WAIT_S)
    assert happened.empty()


@pytest.mark.parametrize("name", DRIVERS)
def test_it_leaves_no_thread_behind(name: str, lab: BrokerProcess, tmp_path: Path) -> None:
    import threading

    before = set(threading.enumerate())
    happened: queue.Queue[Happening] = queue.Queue()
    options = Options(
        "127.0.0.1", lab.port, "yd-9", ("fp/1/00/yd-9/down",), "fp/1/00/yd-9/state", tls=False
    )
    driver = load("broker", name)(options, happened.put)
    driver.connect()
    assert happened.get(timeout=WAIT_S) == LinkUp()
    driver.close(WAIT_S)
    assert set(threading.enumerate()) <= before
