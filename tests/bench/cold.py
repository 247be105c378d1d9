"""Group `start`: import seconds and seconds from `facepay run` to an answering API, against an
interpreter that does nothing.

The process is cold, the page cache is warm: what a restart costs, not what a boot costs.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

from edge.drivers.vision.nets import models
from sim.camera import stage
from sim.clinic.counter import ROOT, Counter
from sim.net.brokers import free_port
from tests.bench.figure import Figure, Size, in_turns, paired, spread
from tests.bench.material import HOME

FLOOR = "python -c pass"
ANSWER_S = 60.0
LOOK_EVERY_S = 0.003


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    with Counter(directory / "blind", "amqtt", board=False) as blind:
        port = free_port()
        blind_file = blind.write_config(http={"port": port})
        seeing_file = _seeing(blind, blind_file.with_name("seeing.toml"), port)
        works = [
            lambda: _run(sys.executable, "-c", "import edge.main"),
            lambda: _to_healthz(blind_file, port),
            lambda: _to_healthz(seeing_file, port),
            lambda: _run(sys.executable, "-c", "pass"),
        ]
        imports, blinds, seeings, floors = in_turns(size.starts, works)
    return [
        _figure("import edge.main", imports, floors),
        _figure("facepay run to /healthz, no camera", blinds, floors),
        _figure("facepay run to /healthz, with vision", seeings, floors),
    ]


def _seeing(counter: Counter, file: Path, port: int) -> Path:
    """The same terminal with a camera; `write_config` writes its own file, so it is put aside."""
    stage.build(HOME / "stage", HOME / "pictures")
    first = counter.agent.config.read_text()
    counter.write_config(
        http={"port": port},
        camera={"driver": "files", "path": str(HOME / "stage" / "idle")},
        vision={"models": str(models.MODELS_DIR)},
    )
    file.write_text(counter.agent.config.read_text())
    counter.agent.config.write_text(first)
    return file


def _run(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT)
    return time.perf_counter() - began


def _to_healthz(config: Path, port: int) -> float:
    """Seconds from the fork to the first 200; then it is ended."""
    facepay = Path(sys.executable).parent / "facepay"
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(facepay), "run", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    try:
        while time.perf_counter() - began < ANSWER_S:
            if _answers(port):
                return time.perf_counter() - began
            assert process.poll() is None, f"the agent ended with {process.returncode}"
            time.sleep(LOOK_EVERY_S)
        raise RuntimeError("the agent does not answer")
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _figure(name: str, values: list[float], floors: list[float]) -> Figure:
    return paired(
        group="start",
        name=name,
        unit="s",
        values=values,
        floors=floors,
        floor_name=FLOOR,
        note=spread(values, 1, 2),
    )
