"""facepay behind the same surface: the product's store, scribe, outbox, trust and paho driver in one
loop, without the visit, the HTTP side and asyncio around them. Each record carries its number as
txid and the same 492 characters as its body."""

from __future__ import annotations

import queue
from pathlib import Path
from typing import Final

from edge.core.effects import Append, Connect, Effect, Publish, Settle
from edge.core.events import Answered, Appended, Event, Freed, LinkLost, LinkUp, Tick
from edge.core.sync.outbox import Outbox
from edge.core.sync.reconnect import Timing
from edge.core.types import Draft, Mode
from edge.dice import SystemDice
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.process.clock import Clock
from edge.scribe import CentreKeys
from edge.turn import commit_turn
from edge.wire import record, shape, topics
from sim.centre.keys import CentreKeys as CentreSide
from sim.clinic.counter import TERMINAL
from tests.bench.material import scribe_of

EPOCH: Final = 1
RESERVE_BYTES: Final = 1 << 16
TIMING: Final = Timing(spread_ms=1, base_ms=10, cap_ms=100, quiet_ms=1_000)
TURN_MAX: Final = 64


class Ours:
    """One terminal's ledger in one folder."""

    def __init__(self, folder: Path, keys: Path, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._port = port
        self._clock = Clock()
        mine, centre = FileKeys(keys / "terminal"), CentreSide.open(keys / "centre")
        self._store = Store(
            folder / "ledger.db", mine.locker, reserve_bytes=RESERVE_BYTES, new_epoch=EPOCH
        )
        restored = self._store.restore()
        self._scribe = scribe_of(mine, self._store, CentreKeys(centre.verifier, centre.sealer))
        self._outbox = Outbox(SystemDice(), TIMING)
        sizes = [entry.size for entry in restored.pending]
        self._outbox.restore(restored.head.seq, restored.answered_seq, sizes)
        self._inbox: queue.Queue[Happening] = queue.Queue()

    def put(self, texts: list[str]) -> None:
        """One turn: signed, sealed, one commit."""
        at = self._clock.now()
        drafts = [
            Draft(
                int(text[:12]).to_bytes(16, "big"),
                "settle",
                Mode.QUEUED,
                {"content": text},
                {},
                shape.ZERO_HASH,
                at,
            )
            for text in texts
        ]
        commit_turn([Append(draft) for draft in drafts], self._scribe, self._store)

    def rest(self) -> None:
        """Nothing is done behind anybody's back."""

    def pop_all(self) -> list[str]:
        """What the ledger holds; the whole chain is walked first."""
        self._store.verify_chain()
        head = self._store.head.seq
        found: list[str] = []
        for first in range(1, head + 1, 1000):
            for data in self._store.records(first, min(first + 999, head)):
                number = int.from_bytes(record.peek(data).txid, "big")
                found.append(f"{number:012d}")
        return found

    def send(self, _client: None) -> None:
        """Until the centre has answered everything and that is stored."""
        options = Options(
            host="127.0.0.1",
            port=self._port,
            client_id=TERMINAL,
            subscribe=(topics.down(TERMINAL),),
            state_topic=topics.state(TERMINAL),
            tls=False,
        )
        link = Driver(options, self._inbox.put)
        self._perform(self._outbox.start(self._clock.now()), link)
        while self._store.answered_seq < self._store.head.seq:
            self._turn(link)
        link.close(1.0)

    def _turn(self, link: Driver) -> None:
        try:
            happened = [self._inbox.get(timeout=0.1)]
        except queue.Empty:
            happened = []
        while len(happened) < TURN_MAX and not self._inbox.empty():
            happened.append(self._inbox.get_nowait())
        events: list[Event] = []
        for one in happened:
            if isinstance(one, Message):
                answer = self._scribe.answer(one.payload, self._store.record_hash)
                events += [] if answer is None else [Answered(answer)]
            elif isinstance(one, LinkUp | LinkLost | Freed):
                events.append(one)
        settled: list[Effect] = [Settle(e.answer) for e in events if isinstance(e, Answered)]
        said, _ = commit_turn(settled, self._scribe, self._store)  # durable before the outbox hears
        for event in [*events, *(e for e in said if isinstance(e, Appended)), Tick()]:
            self._perform(self._outbox.step(event, self._clock.now()), link)

    def _perform(self, effects: list[Effect], link: Driver) -> None:
        for effect in effects:
            if isinstance(effect, Connect):
                link.connect()
            elif isinstance(effect, Publish):
                records = self._store.records(effect.first_seq, effect.last_seq)
                payload = self._scribe.envelope(effect.first_seq, records)
                link.publish(topics.up(TERMINAL), payload, effect.token)
