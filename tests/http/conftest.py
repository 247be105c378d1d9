from collections.abc import Iterator

import httpx
import pytest

from tests.http.scripted import ScriptedPort, serving


@pytest.fixture
def port() -> ScriptedPort:
    return ScriptedPort()


@pytest.fixture
def api(port: ScriptedPort) -> Iterator[httpx.Client]:
    with serving(port) as base, httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
        yield client
