"""Places for the agent's tests: a broker, a centre and a controller that a module shares; the agent
is each test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.clinic.counter import Clerk, Counter


@pytest.fixture(scope="module", params=["amqtt", "mosquitto"])
def counter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counter]:
    with Counter(tmp_path_factory.mktemp(f"counter-{request.param}"), request.param) as made:
        yield made


@pytest.fixture
def desk(counter: Counter) -> Iterator[Clerk]:
    if not counter.agent.alive():
        counter.agent.start()
    yield Clerk(counter)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One counter whose agent a test may configure and end as it likes; no controller."""
    with Counter(tmp_path_factory.mktemp("alone"), "mosquitto", board=False) as made:
        yield made
