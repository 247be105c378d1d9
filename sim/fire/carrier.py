"""A carrier between two brokers who cannot be trusted: he doubles, delays, reorders and loses whole
messages, both ways. No proxy below MQTT could do that to a TLS connection."""

from __future__ import annotations

import heapq
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Self

from msgspec import Struct

from edge.core.events import Freed, LinkLost, LinkUp
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from sim.net.brokers import BrokerProcess

COPIES_MAX: Final = 3
LATE_MS: Final = 600  # how far a message may be overtaken
WINDOW: Final = 100  # messages a broker has not taken yet; below the driver's own bound
HELD_MAX: Final = 20_000
LOOK_S: Final = 0.05
AGAIN_S: Final = 0.3
NAME: Final = "carrier"
UP: Final = ("up", "ask")
DOWN: Final = ("down", "tell")


class Manners(Struct, frozen=True):
    """How he behaves: chances of a message to be lost, doubled, late."""

    lose: float = 0.05
    double: float = 0.6
    late: float = 0.8


class Carrier:
    """Between `near` (the terminals' broker) and `far` (the centre's). A context manager with a
    thread of its own."""

    def __init__(
        self, near: BrokerProcess, far: BrokerProcess, seed: int, manners: Manners | None = None
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._manners = manners or Manners()
        self._inbox: queue.Queue[tuple[int, Happening] | None] = queue.Queue(HELD_MAX)
        self._ends = [
            Driver(_options(broker, whats), self._poster(at))
            for at, (broker, whats) in enumerate(((near, UP), (far, DOWN)))
        ]
        self._up = [False, False]
        self._connect_at: list[float | None] = [0.0, 0.0]
        self._under_way: list[set[int]] = [set(), set()]
        self._held: list[tuple[float, int, int, Message]] = []  # (due, number, to which end, what)
        self._number = 0
        self._newest: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="carrier", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._inbox.put(None)
        self._thread.join(10)
        for end in self._ends:
            end.close(1.0)

    def behave(self) -> None:
        """From now on he loses nothing more; he doubles and reorders as before."""
        self._manners = Manners(lose=0.0)

    def _poster(self, at: int) -> Callable[[Happening], None]:
        return lambda happening: self._inbox.put((at, happening))

    def _run(self) -> None:
        while True:
            for at, moment in enumerate(self._connect_at):
                if moment is not None and time.monotonic() >= moment:
                    self._connect_at[at] = None
                    self._ends[at].connect()
            try:
                got = self._inbox.get(timeout=LOOK_S)
            except queue.Empty:
                self._deliver()
                continue
            if got is None:
                return
            self._take(*got)
            self._deliver()

    def _take(self, at: int, happening: Happening) -> None:
        match happening:
            case LinkUp():
                self._up[at] = True
            case LinkLost():
                self._up[at] = False
                self._under_way[at].clear()
                self._connect_at[at] = time.monotonic() + AGAIN_S
            case Freed(token):
                self._under_way[at].discard(token)
            case Message():
                self._accept(1 - at, happening)

    def _accept(self, to: int, message: Message) -> None:
        manners, dice = self._manners, self._dice
        if dice.random() < manners.lose or len(self._held) > HELD_MAX:
            self.counts["lost"] += 1
            return
        copies = 1 + (dice.randint(1, COPIES_MAX - 1) if dice.random() < manners.double else 0)
        self.counts["doubled"] += copies > 1
        for _ in range(copies):
            self._number += 1
            late_ms = dice.uniform(0, LATE_MS) if dice.random() < manners.late else 0
            due = time.monotonic() + late_ms / 1000
            heapq.heappush(self._held, (due, self._number, to, message))

    def _deliver(self) -> None:
        while self._held and self._held[0][0] <= time.monotonic():
            _, number, to, message = self._held[0]
            if not self._up[to]:
                self.counts["lost"] += 1  # there is nobody to give it to
            elif len(self._under_way[to]) >= WINDOW:
                return
            else:
                self._under_way[to].add(number)
                self._ends[to].publish(message.topic, message.payload, number)
                self.counts["carried"] += 1
                self.counts["overtaken"] += number < self._newest[message.topic]
                self._newest[message.topic] = max(self._newest[message.topic], number)
            heapq.heappop(self._held)


def _options(broker: BrokerProcess, whats: tuple[str, ...]) -> Options:
    cert, key = broker.client(NAME)
    return Options(
        host="127.0.0.1",
        port=broker.port,
        client_id=NAME,
        subscribe=tuple(f"fp/1/+/+/{what}" for what in whats),
        state_topic=f"fp/1/00/{NAME}/state",
        ca=str(broker.ca),
        cert=str(cert),
        key=str(key),
        keepalive_s=10,
    )
