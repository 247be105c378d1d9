"""facepay doctor beside a running agent: it asks the agent for what the agent holds, and takes nothing
from it."""

from __future__ import annotations

import socket

from edge.field import checks
from edge.field.checks import FAIL, OK, SKIP
from sim.clinic.counter import Counter


def test_beside_a_running_agent_everything_it_holds_is_asked_of_it(alone: Counter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    if alone.agent.alive():
        alone.agent.stop()
    alone.write_config(http={"port": port})
    alone.agent.start()
    found = {one.check: one for one in checks.run(alone.directory / "facepay.toml")}
    assert "the agent has it open" in found["ledger"].text
    assert "the agent answers" in found["ports"].text
    assert "the agent takes the" in found["clock"].text
    assert found["centre"].state != SKIP
    assert found["policy"].state != FAIL
    assert {found[name].state for name in ("configuration", "keys", "broker", "ports")} == {OK}
    assert alone.agent.alive()
