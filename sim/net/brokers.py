"""Real brokers for the simulator and the tests: amqtt (pip) and mosquitto (apt), as processes on
127.0.0.1.

Both speak MQTT 3.1.1 over TLS with a certificate per terminal. mosquitto requires the certificate
in the handshake, takes its CN as the user name and enforces the pattern ACL of PROTOCOL.md; what
amqtt can do of that, and how, is told in `sim/net/amqtt_process.py`. amqtt keeps no session of an
anonymous client; nothing of ours depends on sessions.

    with start_amqtt(directory) as broker:
        broker.port; broker.kill(); broker.restart()
        broker.ca, broker.client("yd-0001")   # the CA, and (certificate, key) of a terminal
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

from sim.net.certs import make_ca, make_cert
from sim.net.netproxy import NetProxy

__all__ = [
    "BrokerProcess",
    "NetProxy",
    "free_port",
    "make_ca",
    "make_cert",
    "mosquitto_path",
    "start_amqtt",
    "start_mosquitto",
]

START_S = 20.0
STOP_S = 5.0
PERSISTED = "mosquitto.db"
TRIES_MAX = 5  # a free port may be taken by somebody between our look and mosquitto's bind


class BrokerProcess:
    """A broker that can be killed and started again on the same port. A context manager."""

    def __init__(self, directory: Path, tls: bool, command: Callable[[int], list[str]]) -> None:
        self.directory = directory
        self.tls = tls
        self.port = 0
        self.persistence = False  # mosquitto only; takes effect at the next start
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[str] | None = None

    @property
    def ca(self) -> Path:
        """The CA certificate both sides believe in."""
        return self.directory / "ca.pem"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        assert self._process is not None
        return self._process.pid

    def client(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a terminal (or "centre"), made at the first call."""
        return make_cert(self.directory, name)

    def __enter__(self) -> Self:
        if self._process is None:
            self._start(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it politely, then by force."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(STOP_S)
        self._close()

    def kill(self) -> None:
        """SIGKILL: whatever it held in memory is gone."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(STOP_S)
        self._close()

    def restart(self) -> None:
        """Start again on the same port; an empty memory."""
        if self._process is not None:
            self.kill()
        self._start(self.port)

    def forget(self) -> None:
        """While it is dead: what it wrote to its disk is gone too."""
        assert self._process is None, "a running broker cannot be made to forget"
        (self.directory / PERSISTED).unlink(missing_ok=True)

    def freeze(self) -> None:
        """It stays alive and does nothing, as a machine that swaps."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        os.kill(self.pid, signal.SIGCONT)

    def _close(self) -> None:
        self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def _start(self, port: int) -> None:
        for _ in range(TRIES_MAX):
            self.port = port or free_port()
            self._log = (self.directory / "broker.log").open("a")
            self._process = subprocess.Popen(
                self._command(self.port),
                stdout=self._log,
                stderr=self._log,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            if self._listens():
                return
            self.stop()
        log = (self.directory / "broker.log").read_text()[-2000:]
        raise RuntimeError(f"the broker does not start on port {self.port}: {log}")

    def _listens(self) -> bool:
        assert self._process is not None
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                # Somebody else may own the port: then ours has ended, or is about to, with "address
                # in use".
                return self._process.poll() is None
        return False


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def mosquitto_path() -> str | None:
    """Where apt's mosquitto is, or None."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def start_amqtt(
    directory: Path, *, tls: bool = True, all_topics: tuple[str, ...] = ("centre",), port: int = 0
) -> BrokerProcess:
    """The embedded broker. Needs only pip."""
    _prepare(directory, tls=tls)
    config = directory / "amqtt.json"

    def command(at: int) -> list[str]:
        cert, key = directory / "broker.pem", directory / "broker.key"
        config.write_text(
            json.dumps(
                {
                    "port": at,
                    "tls": tls,
                    "ca": str(directory / "ca.pem"),
                    "cert": str(cert),
                    "key": str(key),
                    "all_topics": ",".join(all_topics),
                }
            )
        )
        return [sys.executable, "-m", "sim.net.amqtt_process", str(config)]

    broker = BrokerProcess(directory, tls, command)
    broker.port = port
    return broker


def start_mosquitto(
    directory: Path, *, tls: bool = True, all_topics: tuple[str, ...] = ("centre",), port: int = 0
) -> BrokerProcess:
    """apt's mosquitto with the settings of a clinic: TLS 1.3 only, certificate required, ACL by its
    CN."""
    path = mosquitto_path()
    if path is None:
        raise RuntimeError("mosquitto is not installed: apt install mosquitto")
    _prepare(directory, tls=tls)
    acl = directory / "acl"
    acl.write_text(mosquitto_acl(all_topics))
    acl.chmod(0o600)

    def command(at: int) -> list[str]:
        config = directory / "mosquitto.conf"
        kept = broker.persistence
        config.write_text(mosquitto_config(directory, at, tls=tls, persistence=kept))
        return [path, "-c", str(config)]

    broker = BrokerProcess(directory, tls, command)
    broker.port = port
    return broker


def mosquitto_acl(all_topics: tuple[str, ...]) -> str:
    """PROTOCOL.md's ACL: `%u` is the CN of the certificate (or, in a lab without TLS, the user
    name)."""
    lines = [f"pattern write fp/1/+/%u/{what}" for what in ("up", "ask", "state")]
    lines += [f"pattern read fp/1/+/%u/{what}" for what in ("down", "tell")]
    for name in all_topics:
        lines += [f"user {name}", "topic readwrite fp/1/#"]
    return "\n".join(lines) + "\n"


def mosquitto_config(
    directory: Path, port: int, *, tls: bool, persistence: bool = False
) -> str:
    """One listener on loopback; nothing on disk unless `persistence`, then after each change."""
    kept = [
        "persistence true",
        f"persistence_location {directory}/",
        f"persistence_file {PERSISTED}",
        "autosave_on_changes true",
        "autosave_interval 1",
    ]
    lines = [
        "per_listener_settings false",
        *(kept if persistence else ["persistence false"]),
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "set_tcp_nodelay true",
        "max_queued_messages 1000",
        "message_size_limit 262144",
        f"listener {port} 127.0.0.1",
    ]
    if os.geteuid() == 0:
        lines.insert(
            0, "user root"
        )  # else it drops to "mosquitto", who may not read a test's files
    if tls:
        lines += [
            f"cafile {directory / 'ca.pem'}",
            f"certfile {directory / 'broker.pem'}",
            f"keyfile {directory / 'broker.key'}",
            "tls_version tlsv1.3",
            "require_certificate true",
            "use_identity_as_username true",
            "allow_anonymous false",
            f"acl_file {directory / 'acl'}",
        ]
    else:
        lines += ["allow_anonymous true"]
    return "\n".join(lines) + "\n"


def _prepare(directory: Path, *, tls: bool) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if tls:
        make_cert(directory, "broker")
