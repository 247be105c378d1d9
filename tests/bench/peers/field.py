"""What all contestants stand on: one broker, one subscriber that counts, one shim, and for each a
worker process whose children can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.drivers.keys.file import Driver as FileKeys
from edge.errors import EdgeError
from edge.wire import envelope, record, topics
from sim.centre.keys import CentreKeys
from sim.clinic.counter import TERMINAL
from sim.net.brokers import mosquitto_path
from tests.bench.material import HOME, ROOT
from tests.bench.receiver import Receiver

HERE = Path(__file__).resolve().parent
THINGSBOARD = "thingsboard-gateway==3.8.5"
INSTALL_S = 600
WAIT_S = 60.0
OURS = "facepay"
CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
log_type error
max_queued_messages 1000000
max_inflight_messages 1000
"""


def shim(directory: Path) -> Path:
    """The LD_PRELOAD library, built here."""
    made = directory / "shim.so"
    words = ["cc", "-O2", "-shared", "-fPIC", "-o", str(made), str(HERE / "shim.c"), "-ldl"]
    subprocess.run(words, check=True, capture_output=True)
    return made


def thingsboard_python() -> Path | None:
    """The interpreter of ThingsBoard's own environment, made when it is missing; None: it cannot
    be installed here."""
    folder = HOME / "peers" / "tb"
    python = folder / "bin" / "python"
    probe = [str(python), "-c", "import thingsboard_gateway"]
    if python.exists() and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=INSTALL_S)
        words = [str(python), "-m", "pip", "install", "-q", THINGSBOARD]
        subprocess.run(words, check=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError):
        return None
    return python


class Tally:
    """What came through the broker. Thread-safe by being written on paho's thread only."""

    def __init__(self) -> None:
        self.arrived: list[int] = []  # every copy of every record
        self.effects: list[int] = []  # what the receiver does something about
        self.wire_bytes = 0
        self.last_s = 0.0


class Field:
    """The broker and its subscriber. A context manager."""

    def __init__(self, directory: Path) -> None:
        self.keys = directory / "keys"
        directory.mkdir(parents=True)
        self.directory = directory.resolve()  # the shim compares real paths
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._terminal = FileKeys.create(self.keys / "terminal")
        self._centre = CentreKeys.create(self.keys / "centre")
        self._tallies: dict[str, Tally] = {}

    def fresh(self, kind: str) -> Tally:
        """Count this contestant from nothing; ours gets a centre that knows nothing."""
        self._tallies[kind] = Tally()
        if kind == OURS:
            self._receiver = Receiver(
                self._centre, self._terminal.sign_public_pem, self._terminal.seal_public_bytes
            )
        return self._tallies[kind]

    def __enter__(self) -> Self:
        binary = mosquitto_path()
        assert binary, "mosquitto is not installed (facepay: sim/setup)"
        config = self.directory / "mosquitto.conf"
        config.write_text(CONFIG.format(port=self.port))
        self._broker = subprocess.Popen(
            [str(binary), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._sink = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="sink")
        self._sink.max_inflight_messages_set(0)
        self._sink.on_connect = lambda client, *_: client.subscribe(
            [("peers/+", 1), ("fp/1/+/+/up", 1)]
        )
        ready = threading.Event()
        self._sink.on_subscribe = lambda *_: ready.set()
        self._sink.on_message = self._message
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                self._sink.connect("127.0.0.1", self.port)
                break
            time.sleep(0.05)
        self._sink.loop_start()
        assert ready.wait(WAIT_S), "the broker does not answer"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sink.disconnect()
        self._sink.loop_stop()
        self._broker.kill()
        self._broker.wait()

    def _message(self, client: mqtt.Client, _user: object, message: mqtt.MQTTMessage) -> None:
        family, _, kind = message.topic.partition("/")
        plain = family == "peers"
        tally = self._tallies[kind if plain else OURS]
        tally.wire_bytes += len(message.payload) + len(message.topic)
        if plain:  # a subscriber like any other: each arrival is an effect
            number = int(message.payload[:12])
            tally.arrived.append(number)
            tally.effects.append(number)
        else:
            self._envelope(client, message.payload, tally)
        tally.last_s = time.monotonic()

    def _envelope(self, client: mqtt.Client, payload: bytes, tally: Tally) -> None:
        """The centre's part: verified, chained, decided once, answered with receipts."""
        got = envelope.decode(payload)
        before = self._receiver.upto
        try:
            answer = self._receiver.take(payload)
        except (EdgeError, AssertionError):
            return
        for seq, data in enumerate(got.records, got.first_seq):
            number = int.from_bytes(record.peek(data).txid, "big")
            tally.arrived.append(number)
            if before < seq <= self._receiver.upto:
                tally.effects.append(number)
        client.publish(topics.down(TERMINAL), answer, 1)


class Contestant:
    """One queue in its worker. `order` forks a child; `kill` is SIGKILL; `wait` lets it end."""

    def __init__(self, kind: str, field: Field, shim_so: Path, python: Path) -> None:
        self.kind = kind
        self.field = field
        name = kind.replace(":", "-")
        self.scratch = field.directory / name
        self.scratch.mkdir()
        shutil.copytree(field.keys, self.scratch / "keys")
        self.root, self.shadow = self.scratch / "root", self.scratch / "shadow"
        self.root.mkdir()
        self.shadow.mkdir()
        self._count = self.scratch / "count"
        self._count.write_bytes(bytes(16))
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LD_PRELOAD": str(shim_so),
            "FP_NAME": kind,
            "FP_WATCH": str(self.root),
            "FP_SHADOW": str(self.shadow),
            "FP_COUNT": str(self._count),
        }
        self._worker = subprocess.Popen(
            [str(python), "-W", "ignore", str(HERE / "worker.py"), kind, str(self.scratch),
             str(field.port)],
            env=environment, cwd=self.scratch, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._say = self._worker.stdin
        self._hear = self._worker.stdout
        assert self._line() == "READY", f"{kind} does not start"

    def _line(self) -> str:
        assert self._hear is not None
        return self._hear.readline().strip()

    def order(self, **words: Any) -> int:
        """Start a child; its pid."""
        assert self._say is not None
        for left in ("spent", "error"):
            (self.scratch / left).unlink(missing_ok=True)
        self._say.write(json.dumps(words) + "\n")
        self._say.flush()
        return int(self._line())

    def wait(self) -> int:
        """The child's exit code, once it has ended."""
        return int(self._line())

    def kill(self, pid: int) -> bool:
        """SIGKILL; whether it was still alive."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def work(self, **words: Any) -> float:
        """A child that ends by itself; the seconds its work took. RuntimeError: it failed."""
        self.order(**words)
        if self.wait() != 0:
            raise RuntimeError((self.scratch / "error").read_text().strip().splitlines()[-1])
        return float((self.scratch / "spent").read_text())

    def acked(self) -> list[int]:
        """Every number the queue said it had."""
        file = self.scratch / "acked"
        data = file.read_bytes() if file.exists() else b""
        return [number for (number,) in struct.iter_unpack("<q", data[: len(data) // 8 * 8])]

    def acked_count(self) -> int:
        """How many those are."""
        file = self.scratch / "acked"
        return file.stat().st_size // 8 if file.exists() else 0

    def forget(self) -> None:
        """Begin a new trial: nothing was acknowledged yet."""
        (self.scratch / "acked").unlink(missing_ok=True)

    def counts(self) -> tuple[int, int]:
        """(syncs, bytes written) of this worker's children so far."""
        syncs, written = struct.unpack("<QQ", self._count.read_bytes())
        return syncs, written

    def held(self, folder: Path) -> list[int]:
        """What a restart finds in this folder. RuntimeError: it does not open."""
        out = self.scratch / "dump"
        out.unlink(missing_ok=True)
        self.work(op="dump", folder=str(folder), to=str(out))
        return list(json.loads(out.read_text()))

    def close(self) -> None:
        """End the worker."""
        assert self._say is not None
        self._say.close()
        self._worker.wait()
        assert self._hear is not None
        self._hear.close()
