"""Group `drain`: how fast a backlog leaves, against raw paho publishing the same envelopes.

The real agent process (its outbox, its paho driver, its checks and its commits) to a real broker
over TLS, and behind it a receiver in its own process that verifies and answers every record; then
the same with the reference centre and its database.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.core.sync.outbox import AHEAD_MAX, RECORDS_MAX, WINDOW_MAX
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from sim.clinic.counter import ROOT, Counter
from sim.net.brokers import mosquitto_path
from tests.bench.figure import Figure, Size, paired
from tests.bench.material import envelopes, fill, name_people
from tests.bench.receiver import READY
from tests.bench.uplink import Uplink
from tests.bench.visits import Screens

RAW_TOPIC = "fp/1/00/bench/raw"  # nobody listens: the broker takes it and acknowledges
RAW_NAME = "raw paho QoS 1, same envelopes, window 20"
AT_THE_BROKER = 50_000.0  # records/s
DRAIN_S = 400.0
START_S = 30.0


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group; a broker that is not installed is left out."""
    directory.mkdir(parents=True)
    kinds = ["amqtt"] + (["mosquitto"] if mosquitto_path() else [])
    figures = []
    for kind in reversed(kinds):
        with Counter(directory / kind, kind, board=False) as counter:
            drill = Drill(counter)
            if kind == "mosquitto" or len(kinds) == 1:
                figures += drill.at_the_broker(kind, size.drains * 3)
            figures.append(drill.verified(kind, size.backlog, size.drains))
            if kind == "mosquitto" or len(kinds) == 1:
                figures.append(drill.settled(kind, size.centre_backlog, size.drains))
    return figures


class Drill:
    """One counter whose agent is started again and again with a full ledger."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._keys = FileKeys(counter.directory / "keys")
        self._epoch = int(time.time())
        self._ledger = counter.directory / "data" / "ledger.db"
        # without the cable: its proxy would cost both sides
        counter.write_config(broker={"port": counter.broker.port, "answer_quiet_ms": 30_000})
        counter.kill_centre()

    def at_the_broker(self, kind: str, rounds: int) -> list[Figure]:
        """Until the broker has them: what the outbox sends before it wants an answer."""
        figures = []
        for name, small, each in (("500 B", True, RECORDS_MAX), ("2.4 kB", False, 13)):
            count = AHEAD_MAX * each
            self._epoch += 1
            fill(self._ledger, self._keys, self._counter.made, count, self._epoch, small=small)
            payloads = envelopes(self._ledger, self._keys, self._counter.made)
            sent = sum(map(len, payloads)) / count
            ours, raws, per_cpu_s = [], [], 0.0
            for _ in range(rounds):
                raws.append(count / self._raw(payloads))
                with Uplink(self._counter, self._keys, self._ledger) as uplink:
                    ours.append(uplink.drain())
                    per_cpu_s = uplink.per_cpu_s
            figures.append(
                paired(
                    group="drain",
                    name=f"{count:,} records of {name} at the broker ({kind}), no answers",
                    unit="records/s",
                    values=ours,
                    floors=raws,
                    floor_name=RAW_NAME,
                    at_least=AT_THE_BROKER if small else None,
                    note=f"{len(payloads)} envelopes; {sent:,.0f} B each on the wire; "
                    f"{per_cpu_s:,.0f} a second of our CPU",
                )
            )
        return figures

    def verified(self, kind: str, count: int, rounds: int) -> Figure:
        """To the receiver that keeps nothing."""
        return self._figure(kind, count, rounds, self._receiver, "a verifying receiver answers")

    def settled(self, kind: str, count: int, rounds: int) -> Figure:
        """To the reference centre: bodies opened, money decided, log and database."""
        return self._figure(kind, count, rounds, self._centre, "the reference centre settles")

    def _figure(
        self, kind: str, count: int, rounds: int, serve: Callable[[], Callable[[], None]], who: str
    ) -> Figure:
        drains, raws, notes = [], [], ""
        for _ in range(rounds):
            self._epoch += 1
            made_s = fill(self._ledger, self._keys, self._counter.made, count, self._epoch)
            payloads = envelopes(self._ledger, self._keys, self._counter.made)
            raws.append(count / self._raw(payloads))
            drains.append(count / self._drain(serve, count))
            raws.append(count / self._raw(payloads))
            notes = f"{len(payloads)} envelopes; signed and stored at {count / made_s:,.0f}/s"
        return paired(
            group="drain",
            name=f"{count:,} records, {kind}: {who}",
            unit="records/s",
            values=drains,
            floors=raws,
            floor_name=RAW_NAME,
            note=notes,
        )

    # -- our side --------------------------------------------------------------------------------
    def _drain(self, serve: Callable[[], Callable[[], None]], count: int) -> float:
        """Seconds from the link to the last answer stored."""
        end = serve()
        agent = self._counter.agent
        log_from = agent.log.stat().st_size if agent.log.exists() else 0
        try:
            agent.start()
            screens = Screens(agent.url)
            seconds = self._watch(screens, log_from)
            screens.stop()
            assert agent.stop() == 0
        finally:
            if agent.alive():
                agent.kill()
            end()
        store = Store(self._ledger, self._keys.locker)
        try:
            assert (store.head.seq, store.answered_seq) == (count, count), "not all was answered"
        finally:
            store.close()
        return seconds

    def _watch(self, screens: Screens, log_from: int) -> float:
        """The page is told how many wait; LinkUp is in the agent's log, of the same clock."""
        until = time.monotonic() + DRAIN_S
        offset = time.time() - time.monotonic()
        while time.monotonic() < until:
            empty = next((m.at_s for m in screens.marks if m.waiting == 0), None)
            up = [line["at"] for line in self._lines(log_from) if line.get("event") == "LinkUp"]
            if empty is not None and up:
                began = datetime.strptime(up[0], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
                return empty + offset - began.timestamp()
            time.sleep(0.1 if empty is None else 0)
        raise RuntimeError(f"not drained after {DRAIN_S:.0f} s")

    def _lines(self, since: int) -> list[dict[str, str]]:
        found = []
        for line in self._counter.agent.lines(since):
            found.append(line)
            if line.get("event") == "LinkUp":
                break
        return found

    # -- their side ------------------------------------------------------------------------------
    def _receiver(self) -> Callable[[], None]:
        counter = self._counter
        broker, folder = counter.broker, counter.directory
        cert, key = broker.client("centre")
        (folder / "sign.pem").write_bytes(self._keys.sign_public_pem)
        (folder / "seal.raw").write_bytes(self._keys.seal_public_bytes)
        given = {
            "centre": folder / "centre", "sign": folder / "sign.pem", "seal": folder / "seal.raw",
            "ca": broker.ca, "cert": cert, "key": key, "port": broker.port,
        }  # fmt: skip
        words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.receiver", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        assert said == READY, f"the receiver ended: {said}"

        def end() -> None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

        return end

    def _centre(self) -> Callable[[], None]:
        name_people(self._counter.made)
        log = self._counter.directory / "centre.log"
        since = log.stat().st_size if log.exists() else 0
        self._counter.start_centre()
        until = time.monotonic() + START_S
        while time.monotonic() < until and "READY" not in log.read_text()[since:]:
            time.sleep(0.05)
        return self._counter.kill_centre

    # -- the floor -------------------------------------------------------------------------------
    def _raw(self, payloads: list[bytes]) -> float:
        """Seconds until the broker acknowledged every envelope."""
        broker = self._counter.broker
        cert, key = broker.client("centre")
        acknowledged: list[int] = []
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="centre")  # as its certificate
        client.tls_set(str(broker.ca), str(cert), str(key))
        client.max_inflight_messages_set(0)  # paho's own queue would be measured with it
        client.on_publish = lambda _c, _u, mid, *_: acknowledged.append(mid)
        client.connect("127.0.0.1", broker.port)
        until = time.monotonic() + START_S
        while not client.is_connected() and time.monotonic() < until:
            client.loop(0.1)
        sent, began = 0, time.perf_counter()
        while len(acknowledged) < len(payloads):
            assert time.monotonic() < until, "the broker acknowledges no more"
            while sent < len(payloads) and sent - len(acknowledged) < WINDOW_MAX:
                client.publish(RAW_TOPIC, payloads[sent], qos=1)
                sent += 1
            client.loop(0.1)
        seconds = time.perf_counter() - began
        client.disconnect()
        client.loop(0.1)
        return seconds
