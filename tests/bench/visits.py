"""Group `visit`: from a face to a durable record with every part real.

The clinic of the demo: agent process, files camera with the real networks, controller, broker with
TLS, centre process, HIS. Times are those of the kiosk's own event stream, which shows `working`
only after the commit; the person's pauses and gestures are in the first figure alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import threading
import time
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion

from edge.drivers.vision.nets import models
from sim.camera import stage
from sim.camera.acting import LENGTH_S
from sim.clinic.cast import Actor, hire
from sim.clinic.clinic import Clinic, Options
from sim.clinic.day import Visit
from sim.clinic.diary import Diary
from sim.clinic.patient import THINK_S, Script
from sim.clinic.player import Player
from sim.net.brokers import BrokerProcess, mosquitto_path
from tests.bench.figure import Figure, Size, paired, spread
from tests.bench.material import HOME

GOOD = {"settled", "adjusted"}
FLOORS_EACH = 5  # rounds of the floors behind each visit
HTTP_BYTES = 300  # of a request or an answer with its headers
RECORD_BYTES = 2_500
ANSWER_BYTES = 2_000
FLOOR = "TCP there and back + fdatasync"
ECHO_TOPIC = "fp/1/00/bench/echo"  # nobody but us listens there
WAIT_S = 20.0
EYES_S = 3.0  # the networks load behind the first page


class Mark(Struct, frozen=True):
    """Something that happened, in seconds of the monotonic clock."""

    at_s: float
    what: str
    visit: int = 0
    waiting: int = -1  # records without an answer, where the screen says so


class Screens:
    """Follows the kiosk's event stream and notes when each screen came."""

    def __init__(self, url: str) -> None:
        self.marks: list[Mark] = []
        self._url = url
        self._stop = threading.Event()
        threading.Thread(target=self._follow, name="screens", daemon=True).start()

    def stop(self) -> None:
        """At the next word of the stream."""
        self._stop.set()

    def _follow(self) -> None:
        with contextlib.suppress(httpx.HTTPError):  # the agent ended: so do its screens
            self._read()

    def _read(self) -> None:
        timeout = httpx.Timeout(10, read=60)
        with (
            httpx.Client(base_url=self._url, timeout=timeout, trust_env=False) as http,
            http.stream("GET", "/kiosk/events") as stream,
        ):
            for line in stream.iter_lines():
                at_s = time.monotonic()
                if self._stop.is_set():
                    return
                if line.startswith("data:") and "name" in (screen := json.loads(line[5:])):
                    what = f"{screen['name']} {screen['fields'].get('phase', '')}".strip()
                    waiting = screen["fields"].get("waiting", -1)
                    self.marks.append(Mark(at_s, what, screen["visit"], waiting))


class Echo:
    """Raw paho through the same broker: what one message there and one back cost at the least."""

    def __init__(self, broker: BrokerProcess) -> None:
        self._back = threading.Event()
        self._there = self._client(broker, "bench-1")
        self._here = self._client(broker, "bench-2")
        self._here.on_message = lambda _c, _u, _m: self._back.set()
        subscribed = threading.Event()
        self._here.on_subscribe = lambda *_: subscribed.set()
        self._here.subscribe(ECHO_TOPIC, 1)
        assert subscribed.wait(WAIT_S), "the broker takes no subscription"

    def _client(self, broker: BrokerProcess, name: str) -> mqtt.Client:
        cert, key = broker.client("centre")
        up = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
        client.tls_set(str(broker.ca), str(cert), str(key))
        client.on_connect = lambda *_: up.set()
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        assert up.wait(WAIT_S), "the broker does not take us"
        return client

    def one_way(self, size: int) -> float:
        """Publish to delivery, QoS 1."""
        self._back.clear()
        began = time.perf_counter()
        self._there.publish(ECHO_TOPIC, os.urandom(size), qos=1)
        assert self._back.wait(WAIT_S), "the echo does not come back"
        return time.perf_counter() - began

    def close(self) -> None:
        """Both clients."""
        for client in (self._there, self._here):
            client.disconnect()
            client.loop_stop()


class Wire:
    """A bare TCP connection over loopback: a press' worth of bytes there, a page's worth back."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, name="wire", daemon=True).start()
        self._here = socket.create_connection(self._door.getsockname())
        self._here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _serve(self) -> None:
        there, _ = self._door.accept()
        with there:
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while there.recv(HTTP_BYTES):
                there.sendall(bytes(HTTP_BYTES))

    def round_trip(self) -> float:
        """Seconds."""
        began = time.perf_counter()
        self._here.sendall(bytes(HTTP_BYTES))
        self._here.recv(HTTP_BYTES)
        return time.perf_counter() - began

    def close(self) -> None:
        """Both ends."""
        self._here.close()
        self._door.close()


class Floors(Struct, frozen=True):
    """One round of the bare things, in seconds; `http` is the agent's own API beside them."""

    http: float
    wire: float
    disk: float
    echo: float


class Times(Struct, frozen=True):
    """One visit, in seconds."""

    face_to_durable: float
    confirm_to_durable: float
    confirm_to_settled: float
    person: float  # pauses before the buttons, and the gestures that were acted


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    folder = _own_stage(directory)
    kind = "mosquitto" if mosquitto_path() else "amqtt"
    place = Options(directory / "clinic", models.MODELS_DIR, folder, broker=kind)
    actors = hire(folder)
    with Clinic(place, actors) as clinic:
        time.sleep(EYES_S)
        player = Player(clinic, Diary(), 1, lambda _text: None)
        screens = Screens(clinic.url)
        echo = Echo(clinic.broker) if kind == "mosquitto" else None  # amqtt: one name, one client
        player.start()
        try:
            times, floors, failed = _visits(player, screens, actors, size.faces, echo)
        finally:
            player.stop()
            screens.stop()
            if echo:
                echo.close()
    assert times, f"no visit ended well: {failed}"
    return _figures(times, floors, failed, kind)


def _own_stage(directory: Path) -> Path:
    """The demo's stage with a cue of our own: somebody else may be playing on it."""
    stage.build(HOME / "stage", HOME / "pictures")
    folder = directory / "stage"
    shutil.copytree(
        HOME / "stage",
        folder,
        copy_function=os.link,
        ignore=shutil.ignore_patterns("cue", ".lock", "codes"),
    )
    stage.cue(folder, "idle")
    return folder


def _visits(
    player: Player, screens: Screens, actors: list[Actor], count: int, echo: Echo | None
) -> tuple[list[Times], list[Floors], list[str]]:
    """One warm-up, then `count` visits; the floors behind each."""
    wire = Wire()
    http = httpx.Client(base_url=player.clinic.url, trust_env=False)
    presses = _watched(player, http)
    bare = os.open(player.clinic.options.directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times, floors, failed = [], [], []
    for number in range(count + 1):
        actor = actors[number % len(actors)]
        began = len(screens.marks)
        script = Script(actor.clips, "face", actor.card_no, actor.psn_no)
        status = player.visit(Visit("settle", script))
        if status not in GOOD:
            failed.append(f"{actor.clips} {status}")
        elif number:
            found = _times(screens.marks[began:], presses)
            times += [found] if found else []
        presses.clear()
        for _ in range(FLOORS_EACH):
            there_and_back = _there_and_back(echo) if echo else 0.0
            floors.append(Floors(_rtt(http), wire.round_trip(), _bare(bare), there_and_back))
    os.close(bare)
    wire.close()
    http.close()
    return times, floors, failed


def _watched(player: Player, http: httpx.Client) -> list[Mark]:
    """Note when the patient's finger comes down. It presses on a connection that is open already,
    as a browser's is; the patient of the demo opens a new one each time."""
    presses: list[Mark] = []

    def press(button: str, value: str = "") -> None:
        body = {"button": button, "value": value, "visit": player.patient.screen.get("visit", 0)}
        presses.append(Mark(time.monotonic(), button))
        http.post("/kiosk/press", json=body, headers={"Origin": player.clinic.url})

    player.patient._press = press  # type: ignore[method-assign]
    return presses


def _times(marks: list[Mark], presses: list[Mark]) -> Times | None:
    """None when the stream skipped a screen that is needed."""
    look = next((mark for mark in marks if mark.what == "look"), None)
    confirm = next((mark for mark in reversed(presses) if mark.what == "confirm"), None)
    if look is None or confirm is None:
        return None
    after = [mark for mark in marks if mark.at_s >= confirm.at_s]
    durable = next((m for m in after if m.what in ("working record", "working answer")), None)
    settled = next((m for m in after if m.what == "settled"), None)
    if durable is None or settled is None:
        return None
    return Times(
        face_to_durable=durable.at_s - look.at_s,
        confirm_to_durable=durable.at_s - confirm.at_s,
        confirm_to_settled=settled.at_s - confirm.at_s,
        person=THINK_S + _gestures(marks),
    )


def _gestures(marks: list[Mark]) -> float:
    """Seconds between the first challenge and whatever follows the last: the person acts."""
    first = next((m.at_s for m in marks if m.what == "challenge"), None)
    if first is None:
        return 0.0
    after = [m.at_s for m in marks if m.at_s > first and m.what != "challenge"]
    return after[0] - first if after else 0.0


def _figures(
    times: list[Times], floors: list[Floors], failed: list[str], kind: str
) -> list[Figure]:
    http, wires = [one.http for one in floors], [one.wire for one in floors]
    disk = [one.wire + one.disk for one in floors]
    twice = [one.disk + 2 * one.echo for one in floors]
    all_three = [one.wire + one.disk + one.echo for one in floors]
    note = f"{kind}; {len(failed)} of {len(times) + len(failed)} did not end in a settlement"
    note += f" ({', '.join(failed)})" if failed else ""
    lengths = f"each gesture's clip lasts {LENGTH_S['blink']} to {LENGTH_S['turn_left']} s"

    def one(
        name: str, values: list[float], under: list[float], under_name: str, said: str
    ) -> Figure:
        return paired(
            group="visit",
            name=name,
            unit="ms",
            values=values,
            floors=under,
            floor_name=under_name,
            scale=1e3,
            note=f"{said}; {spread(values, 1e3, 0)}",
        )

    return [
        one(
            "first look to record durable", [t.face_to_durable for t in times],
            [t.person for t in times], "the person: gestures, one pause", f"{note}; {lengths}",
        ),
        one(
            "of that without the person", [t.face_to_durable - t.person for t in times],
            twice, "fdatasync + raw MQTT there and back, twice", "first face, 1101, 2206, commit",
        ),
        one(
            "confirm pressed to record durable", [t.confirm_to_durable for t in times], disk,
            FLOOR, "press, turn, sign, commit, screen",
        ),
        one(
            "confirm pressed to settled on screen", [t.confirm_to_settled for t in times],
            all_three, f"{FLOOR} + raw MQTT there and back", "with the centre's commit and receipt",
        ),
        one("GET /healthz", http, wires, "TCP there and back", "the API on an open connection"),
    ]  # fmt: skip


def _rtt(http: httpx.Client) -> float:
    began = time.perf_counter()
    http.get("/healthz")
    return time.perf_counter() - began


def _bare(handle: int) -> float:
    data = os.urandom(RECORD_BYTES)
    began = time.perf_counter()
    os.write(handle, data)
    os.fdatasync(handle)
    return time.perf_counter() - began


def _there_and_back(echo: Echo) -> float:
    return echo.one_way(RECORD_BYTES) + echo.one_way(ANSWER_BYTES)
