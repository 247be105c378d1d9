"""A clinic alive on this machine: every part is a real process behind its real port.

controller (the firmware on a real MicroPython, pty) · broker (amqtt, or mosquitto) with TLS · a cable that can be cut (TCP proxy) · reference centre ·
a bank beside it · the agent (`facepay run`) · HIS · a stage before the camera. `Clinic` starts, hurts and stops them; it decides nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from msgspec import Struct

from edge.drivers.keys.file import Driver as FileKeys
from sim.bank import setup as bank_setup
from sim.bank.bank import SimBank
from sim.board import SimBoard
from sim.camera.clips import make_qr_clip
from sim.centre import setup as centre_setup
from sim.centre.books import orders
from sim.centre.books.people import PersonSpec
from sim.centre.books.registry import TerminalSpec
from sim.clinic.cast import Actor
from sim.clinic.patient import Stage
from sim.net.brokers import (
    BrokerProcess,
    NetProxy,
    free_port,
    make_cert,
    start_amqtt,
    start_mosquitto,
)

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = "yd-0001"
ORG = "H51010000001"
READY_S = 40.0
COMMIT_WATCH_S = 20.0
CODE_CLIP_S = 0.6
AT_BANK_FEN = 1_000_00  # what each of the cast has there


class Options(Struct, frozen=True):
    """Where the clinic lives and on which broker."""

    directory: Path
    models: Path
    stage: Path
    broker: str = "amqtt"
    db_url: str = ""
    http_port: int = 0
    profile: str = "P1"


class Clinic:
    """All parts of one clinic. Use as a context manager; parts end in reverse order."""

    def __init__(self, options: Options, actors: list[Actor]) -> None:
        self.options = options
        self.actors = actors
        self.stage = Stage(options.stage)
        self.http_port = options.http_port or free_port()
        self.bank_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.board = SimBoard(options.directory / "board")
        self._stack = ExitStack()
        self._agent: subprocess.Popen[bytes] | None = None
        self._centre: subprocess.Popen[bytes] | None = None
        self._bank: subprocess.Popen[bytes] | None = None
        self.agent_starts = 0
        self._codes = 0

    # -- life ---------------------------------------------------------------------------------------
    def __enter__(self) -> Clinic:
        home = self.options.directory
        home.mkdir(parents=True, exist_ok=True)
        start = start_amqtt if self.options.broker == "amqtt" else start_mosquitto
        self.broker: BrokerProcess = self._stack.enter_context(start(home / "broker"))
        self.cable: NetProxy = self._stack.enter_context(NetProxy(self.broker.port))
        self._stack.callback(self._end_centre)
        self._make_centre()
        self._stack.callback(self.stop_bank)
        self.start_bank()
        self.start_centre()
        self._stack.enter_context(self.board)
        self.stage.cue("idle")
        self._write_config()
        self._stack.callback(self.stop_agent)
        self.start_agent()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- the centre ---------------------------------------------------------------------------------
    @property
    def centre_home(self) -> Path:
        return self.options.directory / "centre"

    def _make_centre(self) -> None:
        keys = FileKeys.create(self.options.directory / "keys")
        made = centre_setup.make_centre(
            self.centre_home,
            db_url=self.options.db_url or None,
            terminals=[
                TerminalSpec(
                    TERMINAL, keys.sign_public_pem, keys.seal_public_bytes, fixmedins_code=ORG
                )
            ],
            people=[_person(actor) for actor in self.actors],
            profile=self.options.profile,
        )
        for actor in self.actors:
            made.register_face(actor.psn_no, actor.template, actor.model)
        cert, key = self.broker.client("centre")
        at_bank = [(actor.psn_no, AT_BANK_FEN) for actor in self.actors]
        public = bank_setup.make(self.bank_home, made.keys.sign_public_pem, at_bank)
        with made.store.begin() as conn:
            for actor in self.actors:
                orders.sign(conn, actor.psn_no, orders.ONECODE)
        bank = (f"http://127.0.0.1:{self.bank_port}", public)
        made.write_config(port=self.broker.port, ca=self.broker.ca, cert=cert, key=key, bank=bank)
        self.centre_setup = made

    # -- the bank -----------------------------------------------------------------------------------
    @property
    def bank_home(self) -> Path:
        return self.options.directory / "bank"

    def start_bank(self) -> None:
        """Run the bank's process."""
        command = [sys.executable, "-m", "sim.bank", "--directory", str(self.bank_home)]
        with (self.options.directory / "bank.log").open("ab") as log:
            self._bank = subprocess.Popen(
                [*command, "--port", str(self.bank_port)], cwd=ROOT, stdout=log, stderr=log
            )

    def stop_bank(self) -> SimBank:
        """End its process; its books, to be read."""
        if self._bank is not None:
            _end(self._bank)
        return bank_setup.open_(self.bank_home)

    def start_centre(self) -> None:
        """Run the centre's process; it reconnects by itself when the broker goes."""
        log = (self.options.directory / "centre.log").open("ab")
        self._centre = subprocess.Popen(
            [sys.executable, "-m", "sim.centre", "--config", str(self.centre_home / "centre.toml")],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        log.close()

    def kill_centre(self) -> None:
        assert self._centre is not None
        self._centre.kill()
        self._centre.wait()

    def _end_centre(self) -> None:
        if self._centre is not None:
            _end(self._centre)

    def phone(self, psn_no: str) -> str:
        """This person's phone shows a fresh e-voucher code and is held into the camera: the clip to cue."""
        text = self.centre_setup.issue_code(psn_no, int(time.time() * 1000))
        self._codes += 1
        clip = f"codes/{self._codes}"
        make_qr_clip(text, self.options.stage / clip, seed=self._codes, seconds=CODE_CLIP_S)
        return clip

    # -- the agent ----------------------------------------------------------------------------------
    @property
    def ledger(self) -> Path:
        return self.options.directory / "agent" / "ledger.db"

    def _write_config(self) -> None:
        home = self.options.directory
        (home / "agent").mkdir(exist_ok=True)
        cert, key = make_cert(self.broker.directory, TERMINAL)
        text = f"""# Written by sim.clinic: one terminal of a simulated clinic.
[terminal]
name = "{TERMINAL}"
fixmedins_code = "{ORG}"
fixmedins_name = "测试诊所"
mdtrtarea_admvs = "510100"
opter = "terminal-01"
opter_name = "自助终端01"

[centre]
sign_key = "{self.centre_setup.sign_key}"
seal_key = "{self.centre_setup.seal_key}"
policy = "{self.centre_setup.policy}"
cert = "{self.centre_setup.cert}"
terminal_cert = "{self.centre_setup.certs[TERMINAL]}"

[broker]
host = "127.0.0.1"
port = {self.cable.port}
ca = "{self.broker.ca}"
cert = "{cert}"
key = "{key}"
keepalive_s = 10
reconnect_spread_ms = 800
reconnect_base_ms = 300
reconnect_cap_ms = 3000
answer_quiet_ms = 3000

[store]
path = "{self.ledger}"

[keys]
directory = "{home / "keys"}"

[camera]
driver = "files"
path = "{self.options.stage}"
fps = 15

[vision]
models = "{self.options.models}"

[board]
driver = "serial_port"
port = "{self.board.path}"
pair_key = "{self.board.key_path}"

[http]
port = {self.http_port}

[ui]
result_show_ms = 1000
look_timeout_ms = 12000
step_timeout_ms = 4000
liveness_tries_max = 2
"""
        self.config = home / "facepay.toml"
        self.config.write_text(text)

    def start_agent(self, *, wait: bool = True) -> None:
        """Plug it in. `wait` until the page answers."""
        log = (self.options.directory / "agent.log").open("ab")
        facepay = Path(sys.executable).parent / "facepay"
        self._agent = subprocess.Popen(
            [str(facepay), "run", "--config", str(self.config)],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.agent_starts += 1
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Until the agent's API answers; a start that fails is shown with the end of its log."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            assert self._agent is not None
            if self._agent.poll() is not None:
                raise RuntimeError("the agent did not start:\n" + self.log_tail("agent.log"))
            try:
                if httpx.get(f"{self.url}/healthz", timeout=1).status_code < 500:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise RuntimeError("the agent does not answer:\n" + self.log_tail("agent.log"))

    def stop_agent(self) -> int:
        """SIGTERM and wait: the clean end."""
        if self._agent is None or self._agent.poll() is not None:
            return 0
        return _end(self._agent)

    @property
    def agent_pid(self) -> int:
        assert self._agent is not None
        return self._agent.pid

    def pull_plug(self) -> None:
        """SIGKILL: what the agent did not have on disk is gone."""
        assert self._agent is not None
        self._agent.kill()
        self._agent.wait()

    def pull_plug_in_commit(self) -> bool:
        """SIGKILL at the moment the ledger's log grows: between the write and everything that follows it."""
        wal = Path(f"{self.ledger}-wal")
        size = _size(wal)
        until = time.monotonic() + COMMIT_WATCH_S
        while time.monotonic() < until:
            if _size(wal) != size:
                os.kill(self.agent_pid, signal.SIGKILL)
                assert self._agent is not None
                self._agent.wait()
                return True
        return False

    def log_tail(self, name: str, lines: int = 15) -> str:
        path = self.options.directory / name
        return (
            "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            if path.exists()
            else ""
        )


def _size(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (stat.st_size, stat.st_mtime_ns)


def _end(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def _person(actor: Actor) -> PersonSpec:
    return PersonSpec(
        psn_no=actor.psn_no,
        psn_name=actor.name,
        insutype=actor.insutype,
        psn_type="1101" if actor.insutype == "310" else "1401",
        balance_fen=actor.balance_fen,
        cards=((actor.card_no, "03"),),
        relatives=actor.relatives,
    )
