"""The network between one terminal and its centre in virtual time: a line, a broker that may keep
messages, and the centre behind it.

Harsher than MQTT: the faults of `sim/faults` may lose, double, delay, alter and reorder each
message, also within a connection; the broker acknowledges what it then drops, and hands out stale
messages after a pause."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from edge.core.events import Event, Freed, LinkLost, LinkUp
from sim.centre.books.store import Store
from sim.centre.desk import Centre
from sim.centre.setup import Made
from sim.dice import SeededDice
from sim.world.time import SECOND_MS, Timeline

UP, ASK, DOWN, TELL = "up", "ask", "down", "tell"  # the last word of the topic
WAYS = (UP, ASK, DOWN, TELL)
TO_CENTRE = (UP, ASK)
KEPT_MAX = 1_000  # messages the broker keeps for somebody who is away
FILTERS_MAX = 1_000


class Message(Struct, frozen=True):
    """One message under way. `noise`: not what its sender wrote. `refused`: the broker says no."""

    topic: str
    payload: bytes
    delay_ms: int
    noise: bool = False
    refused: bool = False

    @property
    def way(self) -> str:
        """One of WAYS."""
        return self.topic.rsplit("/", 1)[1]


Filter = Callable[[Message], list[Message]]


class VirtualNet:
    """`epoch_ms`: the wall clock when the world began."""

    def __init__(self, time: Timeline, made: Made, epoch_ms: int) -> None:
        self.time = time
        self.made = made
        self.centre = made.centre
        self.epoch_ms = epoch_ms
        self.healed = False
        self.post: Callable[[Event], None] = lambda _event: None
        self.deliver: Callable[[str, bytes, bool], None] = lambda _topic, _payload, _noise: None
        self.on_published: Callable[[str, bytes], None] = lambda _topic, _payload: None
        self.noise_at_ms: set[int] = set()  # moments at which the centre read altered bytes
        self.unreachable = 0  # how many partitions and broker outages last now
        self.centres_down = 0
        self.die_after_commit_ms = 0  # how long, once the next message is committed
        self._filters: dict[str, list[Filter]] = {way: [] for way in WAYS}
        self._triggers: dict[str, list[Callable[[], None]]] = {way: [] for way in WAYS}
        self._kept: list[Message] = []
        self._held: list[Message] = []  # overtaken: waits for the next message of its way
        self._broker = 1  # which life of the broker
        self._remembers = 1  # the earliest life whose messages it still has
        self._session = 0  # 0: none
        self._attempt = 0
        self._sessions = 0
        self._centres = 0

    # -- for the faults ----------------------------------------------------------------------------
    def arm(self, way: str, change: Filter) -> None:
        """`change` is asked once, about the next message that goes this way."""
        if not self.healed and len(self._filters[way]) < FILTERS_MAX:
            self._filters[way].append(change)

    def when(self, way: str, action: Callable[[], None]) -> None:
        """Do this at the moment when the next message of this way sets out."""
        if not self.healed:
            self._triggers[way].append(action)

    def hold(self, message: Message) -> list[Message]:
        """Let the next message of this way overtake it (or a minute pass)."""
        self._held.append(message)
        self.time.at(60 * SECOND_MS, lambda: self._let_go(message))
        return []

    def heal(self) -> None:
        """Nothing that was armed happens any more."""
        self.healed = True
        self.die_after_commit_ms = 0
        self._filters = {way: [] for way in WAYS}
        self._triggers = {way: [] for way in WAYS}

    def cut(self, lasts_ms: int, *, noticed_ms: int) -> None:
        """Nobody reaches anybody for so long; the terminal notices by its keep-alive."""
        self.unreachable += 1
        session = self._session
        self.time.at(min(noticed_ms, lasts_ms), lambda: self._lose(session))
        self.time.at(lasts_ms, self._reachable)

    def restart_broker(self, lasts_ms: int, *, forgets: bool) -> None:
        """Everybody is thrown out. What was under way or kept comes again later, or never."""
        self._broker += 1
        if forgets:
            self._remembers = self._broker
            self._kept.clear()
            self._held.clear()
        self.cut(lasts_ms, noticed_ms=0)

    def restart_centre(self, lasts_ms: int) -> None:
        """The centre's process dies and comes back with nothing but its database."""
        self.centres_down += 1
        self.time.at(lasts_ms, self._centre_back)

    def snapshot(self) -> bytes:
        """The centre's database as a backup would have it."""
        return snapshot(self.made.store)

    def put_back(self, backup: bytes) -> None:
        """An operator restores the centre from this backup; its process starts anew."""
        put_back(self.made.store, backup)
        self._new_centre()

    def centre_size(self) -> int:
        """Leaves in the centre's log, as its database says."""
        with self.made.store.begin() as conn:
            self.centre.log.catch_up(conn)
        return self.centre.log.tree.size

    def centre_root(self, size: int) -> bytes:
        """The root that the centre's log had at this size."""
        return self.centre.log.tree.root(size)

    # -- the terminal's side -----------------------------------------------------------------------
    def connect(self) -> None:
        """One attempt; LinkUp or LinkLost follows."""
        self._attempt += 1
        attempt = self._attempt
        self._session = 0  # as the real driver: a new line leaves the one before, without a word

        def ends() -> None:
            if attempt != self._attempt:
                return
            if self.unreachable:
                self.time.note("net connect failed")
                self.post(LinkLost("E-NET-08"))
                return
            self._sessions += 1
            self._session = self._sessions
            self.post(LinkUp())
            self._hand_out((DOWN, TELL))

        self.time.at(self.time.between(50, 2 * SECOND_MS), ends)

    def disconnect(self) -> None:
        """The terminal says goodbye; LinkLost follows, as from the real driver."""
        had, self._session = self._session, 0
        self._attempt += 1
        attempt = self._attempt
        if had:
            self.time.at(
                10, lambda: self.post(LinkLost("E-NET-04")) if attempt == self._attempt else None
            )

    def power_lost(self) -> None:
        """The terminal is gone without a word."""
        self._session = 0
        self._attempt += 1

    @property
    def connected(self) -> bool:
        """The broker has a session of the terminal."""
        return self._session != 0

    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        """QoS 1 towards the centre; `token` is freed by a PUBACK, which proves nothing."""
        self.on_published(topic, payload)
        session = self._session
        if not session:
            return
        sent = Message(topic, payload, self.time.between(20, 150))
        copies = self._changed(sent)
        refused = any(one.refused for one in copies)
        if token is not None:
            delay = self.time.between(20, 200)
            self.time.at(delay, lambda: self._free(session, token, ok=not refused))
        if not self.unreachable:
            self._send([one for one in copies if not one.refused])

    def _free(self, session: int, token: int, *, ok: bool) -> None:
        if session == self._session and not self.unreachable:
            self.post(Freed(token, ok))

    # -- the way -----------------------------------------------------------------------------------
    def _changed(self, message: Message) -> list[Message]:
        triggers, self._triggers[message.way] = self._triggers[message.way], []
        for action in triggers:
            action()
        waiting = self._filters[message.way]
        return waiting.pop(0)(message) if waiting else [message]

    def _send(self, copies: list[Message]) -> None:
        for one in copies:
            self._go(one)
            for held in [held for held in self._held if held.way == one.way]:
                self._held.remove(held)
                self._go(replace(held, delay_ms=one.delay_ms + 50))

    def _go(self, message: Message) -> None:
        broker = self._broker
        self.time.at(message.delay_ms, lambda: self._arrives(message, broker))

    def _let_go(self, message: Message) -> None:
        if message in self._held:
            self._held.remove(message)
            self._go(message)

    def _arrives(self, message: Message, broker: int) -> None:
        if broker < self._remembers:
            return
        there = message.way in TO_CENTRE
        away = self.centres_down if there else not self._session
        if self.unreachable or away or broker != self._broker:
            if len(self._kept) < KEPT_MAX:  # a broker with persistence
                self._kept.append(message)
        elif there:
            self._at_centre(message)
        else:
            self.deliver(message.topic, message.payload, message.noise)

    def _hand_out(self, ways: tuple[str, ...]) -> None:
        kept = [one for one in self._kept if one.way in ways]
        self._kept = [one for one in self._kept if one.way not in ways]
        for number, message in enumerate(kept):
            self._go(replace(message, delay_ms=20 + number))

    def _lose(self, session: int) -> None:
        if session and session == self._session:
            self._session = 0
            self.post(LinkLost("E-NET-05"))

    def _reachable(self) -> None:
        self.unreachable -= 1
        if not self.unreachable and not self.centres_down:
            self._hand_out(TO_CENTRE)

    # -- the centre --------------------------------------------------------------------------------
    def _at_centre(self, message: Message) -> None:
        self.time.counts["messages"] += 1
        now_ms = self.epoch_ms + self.time.now_ms
        if message.noise:
            self.noise_at_ms.add(now_ms)
        answers = self.centre.on_message(message.topic, message.payload, now_ms)
        if self.die_after_commit_ms:
            lasts_ms, self.die_after_commit_ms = self.die_after_commit_ms, 0
            self.time.note("committed, then died")
            self.restart_centre(lasts_ms)
            return
        for topic, payload in answers:
            self._send(self._changed(Message(topic, payload, self.time.between(20, 150))))

    def _centre_back(self) -> None:
        self.centres_down -= 1
        if self.centres_down:
            return
        self._new_centre()
        if not self.unreachable:
            self._hand_out(TO_CENTRE)

    def _new_centre(self) -> None:
        old = self.centre
        self._centres += 1
        self.centre = Centre(
            old.store,
            old.keys,
            old.region,
            shards=old.shards,
            credit=old.credit,
            dice=SeededDice(f"centre {self.time.seed} {self._centres}"),
        )


def snapshot(store: Store) -> bytes:
    """A database in memory, as bytes."""
    raw = store.engine.raw_connection()
    try:
        return bytes(raw.driver_connection.serialize())  # type: ignore[union-attr]
    finally:
        raw.close()


def put_back(store: Store, content: bytes) -> None:
    """The whole database becomes this."""
    raw = store.engine.raw_connection()
    try:
        raw.driver_connection.deserialize(content)  # type: ignore[union-attr]
    finally:
        raw.close()
