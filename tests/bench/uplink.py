"""The sending half alone: the real outbox, the stored bytes, our paho driver, a real broker, and
nobody who answers. What it sends before it wants an answer is what is measured."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.core.effects import Publish
from edge.core.events import Event, Freed, LinkLost, LinkUp
from edge.core.sync.outbox import Outbox
from edge.core.sync.reconnect import Timing
from edge.dice import SystemDice
from edge.drivers.broker import Happening, Options
from edge.drivers.broker.paho import Driver
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.process.clock import Clock
from edge.scribe import CentreKeys
from edge.wire import topics
from sim.clinic.counter import TERMINAL, Counter
from tests.bench.material import scribe_of

WAIT_S = 60.0


class Uplink:
    """One ledger on its way to one broker. A context manager: connected inside."""

    def __init__(self, counter: Counter, keys: FileKeys, ledger: Path) -> None:
        self.per_cpu_s = 0.0  # records a second of our own CPU time, all threads
        self._clock = Clock()
        self._store = Store(ledger, keys.locker)
        made = counter.made.keys
        self._scribe = scribe_of(keys, self._store, CentreKeys(made.verifier, made.sealer))
        self._inbox: queue.Queue[Happening] = queue.Queue()
        cert, key = counter.broker.client(TERMINAL)
        options = Options(
            host="127.0.0.1",
            port=counter.broker.port,
            client_id=TERMINAL,
            subscribe=(topics.down(TERMINAL),),
            state_topic=topics.state(TERMINAL),
            ca=str(counter.broker.ca),
            cert=str(cert),
            key=str(key),
        )
        self._link = Driver(options, self._inbox.put)
        self._outbox = Outbox(SystemDice(), Timing())
        restored = self._store.restore()
        sizes = [entry.size for entry in restored.pending]
        self._outbox.restore(restored.head.seq, restored.answered_seq, sizes)
        self._outbox.start(self._clock.now())

    def __enter__(self) -> Self:
        self._link.connect()
        happening = self._inbox.get(timeout=WAIT_S)
        assert isinstance(happening, LinkUp), happening
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close(1.0)
        self._store.close()

    def drain(self) -> float:
        """Records a second, from the link until the broker acknowledged all that is sent ahead."""
        began, began_cpu = time.perf_counter(), time.process_time()
        carried: dict[int, int] = {}  # token -> records in that envelope
        taken = 0
        event: Event = LinkUp()
        while True:
            for effect in self._outbox.step(event, self._clock.now()):
                if isinstance(effect, Publish):
                    records = self._store.records(effect.first_seq, effect.last_seq)
                    carried[effect.token] = len(records)
                    payload = self._scribe.envelope(effect.first_seq, records)
                    self._link.publish(topics.up(TERMINAL), payload, effect.token)
            if not carried:
                self.per_cpu_s = taken / (time.process_time() - began_cpu)
                return taken / (time.perf_counter() - began)
            happening = self._inbox.get(timeout=WAIT_S)
            assert not isinstance(happening, LinkLost), happening
            if isinstance(happening, Freed):
                assert happening.ok, "the broker takes everything of ours"
                taken += carried.pop(happening.token)
                event = happening
