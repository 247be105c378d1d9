"""One terminal without a camera, with everything else real: broker, cable, centre, controller and
agent as processes.

The smallest place where a card can be paid with. `sim.clinic` is the whole house; this is for tests
that kill things.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx

from edge.core.types import Json
from edge.drivers.keys.file import Driver as FileKeys
from sim.board import SimBoard
from sim.centre import setup as centre_setup
from sim.centre.books.people import PersonSpec
from sim.centre.books.registry import TerminalSpec
from sim.net.brokers import BrokerProcess, NetProxy, start_amqtt, start_mosquitto

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = "yd-0001"
ORG = "H51010000001"
READY_S = 60.0
WAIT_S = 40.0  # a hang guard, not a measurement
PRESENT_AGAIN_S = 1.0  # a card that was not noticed is presented again
ENDING = frozenset({"settled", "provisional", "refused", "confirming"})
STARTERS: dict[str, Callable[[Path], BrokerProcess]] = {
    "amqtt": start_amqtt,
    "mosquitto": start_mosquitto,
}


class AgentProcess:
    """`facepay run` as a process; its log is `agent.log`."""

    def __init__(self, config: Path, log: Path) -> None:
        self.config = config
        self.log = log
        self.url = ""
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(
        self,
        environment: dict[str, str] | None = None,
        wrap: Callable[[list[str]], list[str]] = list,
    ) -> None:
        """Start and wait until it is ready; RuntimeError with the end of the log when it ends
        instead. `wrap` puts a command in front (another network)."""
        if self.alive():
            self.kill()  # left over by a test that failed
        began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                wrap([sys.executable, "-m", "edge.main", "--config", str(self.config)]),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )
        self.starts += 1
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            for line in self.lines(began):
                if line.get("event") == "ready":
                    self.url = f"http://127.0.0.1:{line['http_port']}"
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        said = self.log.read_bytes()[began:].decode(errors="replace")  # not what an earlier start said
        raise RuntimeError(f"the agent did not start:\n{said[-3000:]}")

    def lines(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """The log from byte `since` on, parsed; what is not JSON comes as {"raw": …}."""
        with self.log.open("rb") as log:
            log.seek(since)
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    yield {"raw": line.decode(errors="replace")}

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def wait(self, timeout_s: float) -> int:
        """Until it ends by itself; gives the exit code."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def alive(self) -> bool:
        """Does it run?"""
        return self._process is not None and self._process.poll() is None


class Counter:
    """Everything around one agent. A context manager; the agent is started by the caller."""

    def __init__(
        self,
        directory: Path,
        broker: str = "amqtt",
        *,
        profile: str = "P1",
        board: bool = True,
        people: list[PersonSpec] | None = None,
    ) -> None:
        self.directory = directory
        self._broker_kind = broker
        self._profile = profile
        self._people = people
        self._stack = ExitStack()
        self.board = SimBoard(directory / "board") if board else None
        self.agent = AgentProcess(directory / "facepay.toml", directory / "agent.log")
        self._centre: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._stack = stack
            self.broker = stack.enter_context(
                STARTERS[self._broker_kind](self.directory / "broker")
            )
            self.cable = stack.enter_context(NetProxy(self.broker.port))
            keys = FileKeys.create(self.directory / "keys")
            spec = TerminalSpec(
                TERMINAL, keys.sign_public_pem, keys.seal_public_bytes, fixmedins_code=ORG
            )
            self.made = centre_setup.make_centre(
                self.directory / "centre",
                terminals=[spec],
                people=self._people,
                profile=self._profile,
            )
            stack.callback(self.made.close)
            cert, key = self.broker.client("centre")
            self.made.write_config(
                port=self.broker.port, ca=self.broker.ca, cert=cert, key=key, spread_ms=200
            )
            stack.callback(self._end_centre)
            self.start_centre()
            if self.board is not None:
                stack.enter_context(self.board)
            self.write_config()
            stack.callback(self._end_agent)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- the centre --------------------------------------------------------------------------------
    def start_centre(self) -> None:
        """Run the centre's process."""
        with (self.directory / "centre.log").open("ab") as log:
            self._centre = subprocess.Popen(
                [sys.executable, "-m", "sim.centre", "--config", str(self.made.config)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def kill_centre(self) -> None:
        """SIGKILL."""
        assert self._centre is not None
        self._centre.kill()
        self._centre.wait()

    def _end_centre(self) -> None:
        if self._centre is not None and self._centre.poll() is None:
            self._centre.terminate()
            try:
                self._centre.wait(10)
            except subprocess.TimeoutExpired:
                self.kill_centre()

    def _end_agent(self) -> None:
        if self.agent.alive():
            self.agent.kill()

    # -- the terminal ------------------------------------------------------------------------------
    def write_config(self, **sections: dict[str, Any]) -> Path:
        """facepay.toml for a port chosen by the system; `sections` change or add keys."""
        cert, key = self.broker.client(TERMINAL)
        config: dict[str, dict[str, Any]] = {
            "terminal": {
                "name": TERMINAL,
                "fixmedins_code": ORG,
                "fixmedins_name": "测试诊所",
                "mdtrtarea_admvs": "510100",
                "opter": "terminal-01",
                "opter_name": "自助终端01",
            },
            "centre": {
                "sign_key": str(self.made.sign_key),
                "seal_key": str(self.made.seal_key),
                "policy": str(self.made.policy),
                "cert": str(self.made.cert),
                "terminal_cert": str(self.made.certs[TERMINAL]),
            },
            "broker": {
                "host": "127.0.0.1",
                "port": self.cable.port,
                "ca": str(self.broker.ca),
                "cert": str(cert),
                "key": str(key),
                "keepalive_s": 10,
                "reconnect_spread_ms": 200,
                "reconnect_base_ms": 100,
                "reconnect_cap_ms": 1000,
                "answer_quiet_ms": 1500,
            },
            "store": {"path": str(self.directory / "data" / "ledger.db")},
            "keys": {"directory": str(self.directory / "keys")},
            "camera": {"driver": "none"},
            "board": {"driver": "none"},
            "http": {"port": 0},
            "ui": {"result_show_ms": 1000},
        }
        if self.board is not None:
            config["board"] = {
                "driver": "serial_port",
                "port": str(self.board.path),
                "pair_key": str(self.board.key_path),
            }
        for name, keys in sections.items():
            config[name] = {**config.get(name, {}), **keys}
        self.agent.config.write_text(_toml(config))
        return self.agent.config

    def client(self, timeout_s: float = 20.0) -> httpx.Client:
        """A HIS at the terminal's API."""
        return httpx.Client(base_url=self.agent.url, timeout=timeout_s, trust_env=False)


def until(holds: Callable[[], object], why: str = "") -> None:
    """Wait for something another process does; AssertionError when it never happens."""
    give_up = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < give_up, f"it never happened: {why}"
        time.sleep(0.03)


class Clerk:
    """A HIS, a patient with a card and a finger on the screen, at one agent."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.http = counter.client()
        self._presented = 0.0

    def status(self) -> Json:
        """GET /v1/status."""
        return _json(self.http.get("/v1/status"))

    def screen(self) -> str:
        """The name of the screen that is on."""
        return str(_json(self.http.get("/healthz"))["screen"])

    def online(self) -> None:
        """Wait for the link."""
        until(lambda: self.status()["net"] == "up", "link")

    def with_board(self) -> None:
        """Wait for the controller."""
        until(lambda: self.status()["board"] == "ok", "board")

    def send(
        self, bill_no: str, amount_fen: int = 1000, kind: str = "register", **more: object
    ) -> httpx.Response:
        """POST a bill of one line; the key is that of its number, so that sending again is a
        repetition."""
        body = {
            "kind": kind,
            "bill_no": bill_no,
            "amount_fen": amount_fen,
            "lines": [
                {"feedetl_sn": "1", "med_list_codg": "XA01AA001", "medins_list_name": "x", "amount_fen": amount_fen}
            ],
        }  # fmt: skip
        return self.http.post(
            "/v1/bills", json=body | more, headers={"Idempotency-Key": f"key-{bill_no}"}
        )

    def press(self, button: str, value: str = "") -> None:
        """Press on the page."""
        said = self.http.post("/kiosk/press", json={"button": button, "value": value})
        assert said.status_code == 202, said.text

    def bill(self, bill_id: str) -> Json:
        """GET a bill."""
        return _json(self.http.get(f"/v1/bills/{bill_id}"))

    def pay_by_card(self, bill_id: str, card: tuple[str, str], ends: set[str]) -> Json:
        """Serve the bill that is on the screen until it has one of the states `ends`."""

        def served() -> bool:
            self.serve(card)
            return self.bill(bill_id)["status"] in ends

        until(served, f"{bill_id}: {ends}")
        state = self.bill(bill_id)
        if self.screen() in ENDING:
            self.press("done")
        return state

    def up_to_confirm(self, card: tuple[str, str]) -> None:
        """Serve until the screen asks to confirm, and leave it there."""

        until(lambda: self.serve(card, confirm=False) == "confirm", "confirm")

    def serve(self, card: tuple[str, str], *, confirm: bool = True) -> str:
        """Do what the screen asks for, once; gives the screen's name."""
        screen = self.screen()
        if screen == "ways":
            self.press("card")
        elif screen == "card" and time.monotonic() - self._presented > PRESENT_AGAIN_S:
            self._presented = time.monotonic()
            assert self.counter.board is not None, "a card needs a controller"
            self.counter.board.present_card(*card)
        elif screen == "whom":
            self.press("choose", "0")
        elif screen == "confirm" and confirm:
            self.press("confirm")
        return screen


def _json(answer: httpx.Response) -> Json:
    body: Json = answer.json()
    return body


def _toml(config: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, keys in config.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"
