"""Group `memory`: what the agent process holds, idle, after a thousand visits, and with its eyes.

Visits are by card: the HIS's API, the page's buttons, the real firmware's reader line, the broker,
the centre; only the people are faster than people. Floor: an interpreter that imported the same
libraries and nothing of ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from edge.drivers.vision.nets import models
from sim.camera import stage
from sim.centre.books.people import population
from sim.clinic.counter import Clerk, Counter
from sim.net.brokers import mosquitto_path
from tests.bench.figure import Figure, Size, paired
from tests.bench.material import HOME
from tests.bench.visits import Screens

RSS_MAX_MB = 110.0
GROWTH_MAX_MB = 5.0
MB = 1e6
READS = 5
READ_EVERY_S = 0.2
VISIT_S = 30.0
PRESENT_AGAIN_S = 0.7  # an unnoticed card is presented again
LOOK_EVERY_S = 0.002
AMOUNT_FEN = 1_200
LIBRARIES = (
    "asyncio ssl apsw cbor2 cryptography.hazmat.primitives.hpke msgspec paho.mqtt.client serial "
    "starlette.applications uvicorn"
)
SEEING = "numpy PIL.Image tflite_runtime.interpreter zxingcpp"
LOAD_NETS = """
from pathlib import Path
from tflite_runtime.interpreter import Interpreter
kept = [Interpreter(str(p)) for p in sorted(Path({models!r}).glob("*.tflite"))]
for net in kept: net.allocate_tensors(); net.invoke()
"""
RESULTS = {"settled", "refused", "provisional", "confirming"}


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    kind = "mosquitto" if mosquitto_path() else "amqtt"
    with Counter(directory / "card", kind) as counter:
        figures = _visited(counter, size)
    with Counter(directory / "eyes", kind, board=False) as counter:
        return [*figures, _seeing(counter, size)]


def _visited(counter: Counter, size: Size) -> list[Figure]:
    counter.write_config(broker={"port": counter.broker.port})
    counter.agent.start()
    clerk = Clerk(counter)
    clerk.online()
    clerk.with_board()
    bare = Bare(LIBRARIES)
    try:
        idle, floor = _read(counter.agent.pid, size), bare.read(size)
        waiter = Waiter(clerk)
        began = time.monotonic()
        ends: dict[str, int] = {}
        warm: list[float] = []
        for number in range(size.visits):
            end = waiter.visit(number)
            ends[end] = ends.get(end, 0) + 1
            if number + 1 == max(1, size.visits // 10):
                warm = _read(counter.agent.pid, size, settled=False)
        spent = time.monotonic() - began
        waiter.close()
        after, floor_after = _read(counter.agent.pid, size), bare.read(size)
    finally:
        bare.close()
    floors = floor + floor_after
    growth = [b - a for a, b in zip(idle, after, strict=True)]
    later = [b - a for a, b in zip(warm, after, strict=True)]
    told = ", ".join(f"{count} {name}" for name, count in sorted(ends.items()))
    late = sorted(later)[len(later) // 2] / MB
    return [
        _figure("RSS idle, no camera", idle, floors, "the same libraries alone", RSS_MAX_MB, ""),
        _figure(
            f"RSS after {size.visits:,} visits by card", after, floors, "the same libraries alone",
            RSS_MAX_MB, f"{told}; {size.visits / spent:.1f} visits/s",
        ),
        _figure(
            f"growth over {size.visits:,} visits", growth, floors, "the same libraries alone",
            GROWTH_MAX_MB, f"of that {late:+.1f} MB after the first tenth",
        ),
    ]  # fmt: skip


def _seeing(counter: Counter, size: Size) -> Figure:
    """With camera and networks, idle; nobody has stood in front of it yet."""
    stage.build(HOME / "stage", HOME / "pictures")
    counter.write_config(
        camera={"driver": "files", "path": str(HOME / "stage" / "idle")},
        vision={"models": str(models.MODELS_DIR)},
    )
    counter.agent.start()
    bare = Bare(f"{LIBRARIES} {SEEING}", LOAD_NETS.format(models=str(models.MODELS_DIR)))
    try:
        values, floors = _read(counter.agent.pid, size), bare.read(size)
    finally:
        bare.close()
    name = "the same libraries and networks alone"
    return _figure("RSS with vision loaded, idle", values, floors, name, RSS_MAX_MB, "")


class Waiter:
    """Serves one bill after the other as fast as the screens come."""

    def __init__(self, clerk: Clerk) -> None:
        self._clerk = clerk
        self._cards = [person.cards[0] for person in population(20)]
        assert clerk.counter.board is not None
        self._board = clerk.counter.board
        self._screens = Screens(clerk.counter.agent.url)

    def visit(self, number: int) -> str:
        """From the bill to the screen after it; gives the bill's last status."""
        seen = len(self._screens.marks)
        answer = self._clerk.send(f"M-{number:06d}", AMOUNT_FEN, "settle")
        assert answer.status_code == 202, answer.text
        card = self._cards[number % len(self._cards)]
        until, shown, at_s = time.monotonic() + VISIT_S, "", 0.0
        while time.monotonic() < until:
            new = [mark.what.split()[0] for mark in self._screens.marks[seen:]]
            seen += len(new)
            if any(name in RESULTS for name in [shown, *new[:-1]]) and new[-1:] == ["idle"]:
                break
            if new and new[-1] != shown:
                shown, at_s = new[-1], time.monotonic()
                self._act(shown, card)
            elif shown == "card" and time.monotonic() - at_s > PRESENT_AGAIN_S:
                at_s = time.monotonic()
                self._act(shown, card)
            elif not new:
                time.sleep(LOOK_EVERY_S)
        return str(self._clerk.bill(answer.json()["bill_id"])["status"])

    def close(self) -> None:
        """No more screens."""
        self._screens.stop()

    def _act(self, screen: str, card: tuple[str, str]) -> None:
        if screen == "ways":
            self._clerk.press("card")
        elif screen == "card":
            self._board.present_card(*card)
        elif screen == "whom":
            self._clerk.press("choose", "0")
        elif screen == "confirm":
            self._clerk.press("confirm")
        elif screen in RESULTS:
            self._clerk.press("done")


class Bare:
    """An interpreter that imports and waits."""

    def __init__(self, names: str, more: str = "") -> None:
        program = f"import {', '.join(names.split())}\n{more}\nprint('ready', flush=True)\ninput()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        assert said == "ready", "the floor did not start"

    def read(self, size: Size) -> list[float]:
        """Bytes."""
        return _read(self._process.pid, size, settled=False)

    def close(self) -> None:
        """End it."""
        self._process.communicate("\n", timeout=10)


def _read(pid: int, size: Size, *, settled: bool = True) -> list[float]:
    """RSS a few times, in bytes."""
    if settled:
        time.sleep(size.settle_s)
    process, found = psutil.Process(pid), []
    for _ in range(READS):
        found.append(float(process.memory_info().rss))
        time.sleep(READ_EVERY_S)
    return found


def _figure(
    name: str, values: list[float], floors: list[float], floor_name: str, limit: float, note: str
) -> Figure:
    return paired(
        group="memory",
        name=name,
        unit="MB",
        values=values,
        floors=floors,
        floor_name=floor_name,
        scale=1 / MB,
        limit=limit,
        note=note or f"{os.cpu_count()} cores",
    )
