"""A terminal without a visit: the product's own outbox, scribe, turn, store and MQTT driver, so that
28 of them fit on a small machine. And `python -m sim.fire.light FLEET.json`: many in one process.

The process reads commands from stdin, one a line: `write N` (N records more on every terminal),
`look` (where all stand, as one line of JSON on stdout), `stop`. It may be killed at any moment.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from edge.core.effects import Append, Connect, Disconnect, Effect, Publish, Settle
from edge.core.events import Answered, Event, LinkUp, Tick
from edge.core.sync.outbox import Outbox
from edge.core.sync.reconnect import Timing
from edge.core.types import Settings
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.process.clock import Clock, Secrets, boot_id
from edge.scribe import CentreKeys, Scribe
from edge.suites import es256
from edge.turn import commit_turn
from edge.wire import policy, topics
from edge.wire.log.trusted import TrustedCentre
from sim.fire.drafts import Drafts

TIMING: Final = Timing(spread_ms=200, base_ms=100, cap_ms=1_000, stable_ms=5_000, quiet_ms=1_500)
KEEPALIVE_S: Final = 5
CONNECT_S: Final = 5
INBOX_MAX: Final = 100_000
IDLE_S: Final = 1.0


class Place(Struct, frozen=True):
    """Where a terminal of the fleet lives, and whom it believes. Paths are strings: it travels as
    JSON."""

    name: str
    org: str
    directory: str
    host: str
    port: int
    ca: str
    cert: str
    key: str
    sign_key: str
    seal_key: str
    policy: str

    @property
    def settings(self) -> Settings:
        """For the body of a record."""
        return Settings(self.name, self.org, "测试诊所", "510100", "terminal", "自助终端")

    @property
    def ledger(self) -> Path:
        """The store's file."""
        return Path(self.directory) / "data" / "ledger.db"

    @property
    def keys(self) -> FileKeys:
        """The device keys."""
        return FileKeys(Path(self.directory) / "keys")


class Light:
    """One terminal. Everything but `post` happens on the caller's thread. Without `post` it has no
    link: it only writes."""

    def __init__(self, place: Place, post: Callable[[Happening], None] | None = None) -> None:
        self.place = place
        keys = place.keys
        place.ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store = Store(place.ledger, keys.locker, reserve_bytes=0)
        restored = self.store.restore()
        verifier = es256.Es256Verifier.of(
            es256.load_sign_public(Path(place.sign_key).read_bytes())
        )
        sealer = es256.HpkeSealer(
            es256.load_seal_public(bytes.fromhex(Path(place.seal_key).read_text().strip()))
        )
        trusted = TrustedCentre(
            place.name,
            restored.head.epoch,
            verifier,
            keys.opener,
            checkpoint=self.store.checkpoint,
            last_number=self.store.last_number,
            answered_seq=restored.answered_seq,
        )
        centre = CentreKeys(verifier, sealer)
        self._scribe = Scribe(
            place.settings, restored.head.epoch, boot_id(), keys, centre, trusted
        )
        hash_ = policy.document_hash(Path(place.policy).read_bytes())
        self._drafts = Drafts(place.settings, hash_)
        self._clock = Clock()
        self._outbox = Outbox(Secrets(), TIMING)
        sizes = [entry.size for entry in restored.pending]
        self._outbox.restore(restored.head.seq, restored.answered_seq, sizes)
        self.links = 0
        self.alarms: list[str] = []  # what the one door refused with E-LOG: must stay empty
        self._driver = None if post is None else Driver(_options(place), post)
        if self._driver is not None:
            self._perform(self._outbox.start(self._clock.now()))

    def write(self, count: int) -> None:
        """So many records more, each in a commit of its own."""
        for _ in range(count):
            self._turn([Append(self._drafts.next())])

    def take(self, happening: Happening) -> None:
        """What the driver posted."""
        if not isinstance(happening, Message):
            self.links += isinstance(happening, LinkUp)
            self._step(happening)
            return
        try:
            if topics.parse(happening.topic)[0] != "down":
                return
            answer = self._scribe.answer(happening.payload, self.store.record_hash)
        except EdgeError as error:
            self.alarms.append(error.code)
            return
        if answer is not None:
            outgoing = self._outbox.step(Answered(answer), self._clock.now())
            self._turn([Settle(answer), *outgoing])

    def tick(self) -> None:
        """Let due things happen."""
        if self.wait_s() <= 0:
            self._step(Tick())

    def wait_s(self) -> float:
        """Until something is due."""
        due = self._outbox.deadline()
        return IDLE_S if due is None else min((due - self._clock.now().mono_ms) / 1000, IDLE_S)

    def look(self) -> dict[str, object]:
        """Where it stands."""
        return {
            "name": self.place.name,
            "head": self.store.head.seq,
            "answered": self.store.answered_seq,
            "links": self.links,
            "alarms": self.alarms,
        }

    def close(self) -> None:
        """Leave."""
        if self._driver is not None:
            self._driver.close(1.0)
        self.store.close()

    def _step(self, event: Event) -> None:
        self._turn(self._outbox.step(event, self._clock.now()))

    def _turn(self, effects: list[Effect]) -> None:
        """Commit, then let out: the agent's own order."""
        feedback, outward = commit_turn(effects, self._scribe, self.store)
        self._perform(outward)
        for said in feedback:
            more = self._outbox.step(said, self._clock.now())
            self._perform(more)

    def _perform(self, effects: list[Effect]) -> None:
        if self._driver is None:
            return
        for effect in effects:
            match effect:
                case Connect():
                    self._driver.connect()
                case Disconnect():
                    self._driver.disconnect()
                case Publish(token, first_seq, last_seq):
                    records = self.store.records(first_seq, last_seq)
                    payload = self._scribe.envelope(first_seq, records)
                    self._driver.publish(topics.up(self.place.name), payload, token)
                case _:
                    raise AssertionError(f"an outbox does not do {effect}")


def _options(place: Place) -> Options:
    return Options(
        host=place.host,
        port=place.port,
        client_id=place.name,
        subscribe=(topics.down(place.name), topics.tell(place.name)),
        state_topic=topics.state(place.name),
        ca=place.ca,
        cert=place.cert,
        key=place.key,
        keepalive_s=KEEPALIVE_S,
        connect_timeout_s=CONNECT_S,
    )


class Fleet:
    """Many terminals on one thread."""

    def __init__(self, places: list[Place]) -> None:
        self._inbox: queue.Queue[tuple[int, Happening] | str] = queue.Queue(INBOX_MAX)
        self._all = [Light(place, self._poster(at)) for at, place in enumerate(places)]

    def run(self) -> None:
        """Until told to stop, or until whoever holds the other end of stdin is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            wait_s = max(min(light.wait_s() for light in self._all), 0.0)
            try:
                got = self._inbox.get(timeout=max(wait_s, 0.001))
            except queue.Empty:
                got = ""
            if isinstance(got, tuple):
                self._all[got[0]].take(got[1])
            elif not self._command(got):
                break
            for light in self._all:
                light.tick()
        for light in self._all:
            light.close()

    def _command(self, line: str) -> bool:
        word, _, rest = line.partition(" ")
        if word == "write":
            for light in self._all:
                light.write(int(rest))
        elif word == "look":
            sys.stdout.write(json.dumps([light.look() for light in self._all]) + "\n")
            sys.stdout.flush()
        return word != "stop"

    def _listen(self) -> None:
        for line in sys.stdin:
            self._inbox.put(line.strip())
        self._inbox.put("stop")

    def _poster(self, at: int) -> Callable[[Happening], None]:
        return lambda happening: self._inbox.put((at, happening))


def main() -> None:
    """Serve the terminals of a file."""
    places = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Place])
    fleet = Fleet(places)
    print("READY", flush=True)
    fleet.run()
    sys.stdout.flush()
    time.sleep(0)
    os._exit(0)  # paho's threads may still wait for a network that is not there


if __name__ == "__main__":
    main()
