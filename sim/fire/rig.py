"""Everything around the fire: broker, wire, centre, the fleet of light terminals and one whole agent,
each a process of its own."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import sqlalchemy as sa

from edge.core.types import Caps
from edge.drivers.keys.file import Driver as FileKeys
from sim.centre import setup as centre_setup
from sim.centre.books import store as t
from sim.centre.books.registry import TerminalSpec
from sim.clinic.counter import ROOT, AgentProcess
from sim.fire.carrier import NAME
from sim.fire.drafts import MODEL, PEOPLE, face
from sim.fire.light import KEEPALIVE_S, Light, Place
from sim.fire.space import Cable
from sim.net.brokers import BrokerProcess, NetProxy, start_amqtt, start_mosquitto
from sim.net.certs import CABLE_ADDRESS

DRAIN_S: Final = 90.0  # a hang guard: the busy machine of a test needs seconds
START_S: Final = 40.0
LOOK_S: Final = 0.1
STARTERS: Final = {"amqtt": start_amqtt, "mosquitto": start_mosquitto}
AGENT: Final = "agent-01"
SPREAD_MS: Final = 200
# The limits of an outage are not what is tried here: a fire may last.
CAPS: Final = Caps(
    per_person_per_outage=1_000_000, records_max=1_000_000, fund_exposure_max_fen=1_000_000_000
)
Look = list[dict[str, Any]]


class Rig:
    """A context manager. `cable` None: all is on loopback, and the network troubles are not there."""

    def __init__(
        self, directory: Path, broker: str, terminals: int, cable: Cable | None
    ) -> None:
        self.directory, self.kind, self.cable = directory, broker, cable
        self._names = [f"light-{number:02d}" for number in range(1, terminals + 1)]
        self._stack = contextlib.ExitStack()
        self._centre: subprocess.Popen[bytes] | None = None
        self._fleet: subprocess.Popen[str] | None = None
        self.agent = AgentProcess(directory / "agent.toml", directory / "agent.log")
        self.places: dict[str, Place] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self.broker = stack.enter_context(self._broker(self.directory / "broker"))
            host = CABLE_ADDRESS if self.cable else "127.0.0.1"
            self.wire = stack.enter_context(NetProxy(self.broker.port, host=host))
            specs = [self._spec(number, name) for number, name in enumerate([*self._names, AGENT])]
            self.made = centre_setup.make_centre(
                self.directory / "centre", terminals=specs, people=PEOPLE, caps=CAPS
            )
            stack.callback(self.made.close)
            for person in PEOPLE:
                self.made.register_face(person.psn_no, face(person.psn_no), MODEL)
            self.places = {
                spec.name: self._place(spec.name, spec.fixmedins_code, host) for spec in specs
            }
            stack.callback(self.stop_centre)
            self.start_centre(self.broker.port)
            stack.callback(self.kill_terminals)
            self._write_agent()
            self.start_fleet()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def second_broker(self) -> BrokerProcess:
        """One of the same kind and authority, for the centre's side of a carrier."""
        directory = self.directory / "far"
        directory.mkdir(exist_ok=True)
        for name in ("ca.pem", "ca.key"):
            shutil.copy(self.directory / "broker" / name, directory / name)
        return self._broker(directory)

    def _broker(self, directory: Path) -> BrokerProcess:
        return STARTERS[self.kind](directory, all_topics=("centre", NAME))

    # -- the centre --------------------------------------------------------------------------------
    def start_centre(self, port: int) -> None:
        """Run the centre's process at the broker on this port."""
        cert, key = self.broker.client("centre")
        config = self.made.write_config(
            port=port, ca=self.broker.ca, cert=cert, key=key, spread_ms=SPREAD_MS
        )
        with (self.directory / "centre.log").open("ab") as log:
            self._centre = subprocess.Popen(
                [sys.executable, "-m", "sim.centre", "--config", str(config)],
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip

    def stop_centre(self, *, kill: bool = False) -> None:
        """SIGTERM, or SIGKILL."""
        assert self._centre is not None
        _end(self._centre, kill=kill)

    # -- the terminals -----------------------------------------------------------------------------
    def start_fleet(self) -> None:
        """Run the light terminals."""
        file = self.directory / "fleet.json"
        file.write_bytes(msgspec.json.encode([self.places[name] for name in self._names]))
        with (self.directory / "fleet.log").open("a") as log:
            self._fleet = subprocess.Popen(
                self._there([sys.executable, "-m", "sim.fire.light", str(file)]),
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self._fleet.stdout is not None
        said = self._fleet.stdout.readline().strip()
        if said != "READY":
            raise RuntimeError(f"the fleet did not start: {said}; see {file.parent}/fleet.log")

    def write(self, count: int) -> None:
        """Each light terminal writes so many records more."""
        self._say(f"write {count}")

    def look(self) -> Look:
        """Where the light terminals stand."""
        self._say("look")
        assert self._fleet is not None
        assert self._fleet.stdout is not None
        found: Look = json.loads(self._fleet.stdout.readline())
        return found

    def start_agent(self, backlog: int) -> None:
        """The whole agent with a ledger that has so many records more than it had."""
        light = Light(self.places[AGENT])
        light.write(backlog)
        light.close()
        self.agent.start(wrap=self._there)

    def agent_waits(self) -> int:
        """Records of the agent without an answer, as its own API says."""
        def ask() -> int:
            import httpx

            said = httpx.get(f"{self.agent.url}/v1/status", timeout=5, trust_env=False)
            return int(said.json()["waiting"])

        return self.cable.inside(ask) if self.cable else ask()

    def kill_terminals(self) -> None:
        """SIGKILL for fleet and agent."""
        if self._fleet is not None:
            _end(self._fleet, kill=True)
        if self.agent.alive():
            self.agent.kill()

    def stop_terminals(self) -> None:
        """Politely; the ledgers can be read then."""
        self._say("stop")
        assert self._fleet is not None
        self._fleet.wait(START_S)
        if self.agent.alive():
            self.agent.stop()

    def drained(self) -> float:
        """Seconds until nobody waits for an answer any more. RuntimeError when that does not
        happen."""
        began = time.monotonic()
        while time.monotonic() - began < DRAIN_S:
            looks = self.look()
            waiting = sum(one["head"] - one["answered"] for one in looks)
            if waiting == 0 and (not self.agent.alive() or self.agent_waits() == 0):
                return time.monotonic() - began
            time.sleep(LOOK_S)
        some = [one for one in looks if one["head"] > one["answered"]][:2]
        raise RuntimeError(f"{waiting} records still wait after {DRAIN_S:.0f} s, such as {some}")

    def upto(self) -> dict[str, int]:
        """How far the centre has each terminal's chain, in its newest epoch."""
        c = t.streams.c
        with self.made.store.begin() as conn:
            rows = conn.execute(sa.select(c.terminal, sa.func.max(c.upto)).group_by(c.terminal))
            return {row[0]: int(row[1]) for row in rows}

    # -- parts -------------------------------------------------------------------------------------
    def _there(self, command: list[str]) -> list[str]:
        return self.cable.wrap(command) if self.cable else command

    def _say(self, line: str) -> None:
        assert self._fleet is not None
        assert self._fleet.stdin is not None
        self._fleet.stdin.write(line + "\n")
        self._fleet.stdin.flush()

    def _spec(self, number: int, name: str) -> TerminalSpec:
        keys = FileKeys.create(self.directory / name / "keys")
        org = f"H5101{number:07d}"  # message ids begin with it: one for each
        return TerminalSpec(name, keys.sign_public_pem, keys.seal_public_bytes, org)

    def _place(self, name: str, org: str, host: str) -> Place:
        cert, key = self.broker.client(name)
        return Place(
            name, org, str(self.directory / name), host, self.wire.port,
            str(self.broker.ca), str(cert), str(key),
            str(self.made.sign_key), str(self.made.seal_key), str(self.made.policies[name]),
        )  # fmt: skip

    def _write_agent(self) -> None:
        place = self.places[AGENT]
        sections: dict[str, dict[str, Any]] = {
            "terminal": {
                "name": place.name, "fixmedins_code": place.org, "fixmedins_name": "测试诊所",
                "mdtrtarea_admvs": "510100", "opter": "terminal", "opter_name": "自助终端",
            },
            "centre": {
                "sign_key": place.sign_key, "seal_key": place.seal_key, "policy": place.policy
            },
            "broker": {
                "host": place.host, "port": place.port, "ca": place.ca, "cert": place.cert,
                "key": place.key, "keepalive_s": KEEPALIVE_S, "reconnect_spread_ms": 200,
                "reconnect_base_ms": 100, "reconnect_cap_ms": 1000, "answer_quiet_ms": 1500,
            },
            "store": {"path": str(place.ledger)},
            "keys": {"directory": str(Path(place.directory) / "keys")},
            "camera": {"driver": "none"},
            "board": {"driver": "none"},
            "http": {"port": 0},
        }  # fmt: skip
        lines: list[str] = []
        for section, keys in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        self.agent.config.write_text("\n".join(lines) + "\n")


def _end(process: subprocess.Popen[Any], *, kill: bool) -> None:
    if process.poll() is None:
        process.kill() if kill else process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
