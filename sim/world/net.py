"""The network between terminal and centre in virtual time, and the centre's own troubles. Harsher
than MQTT: it loses, doubles and reorders also within a connection, acknowledges what it then drops,
and refuses what it could take."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from edge.core.events import Event, Freed, LinkLost, LinkUp
from sim.centre.desk import Centre
from sim.centre.setup import Made
from sim.world.time import SECOND_MS, SeededDice, Timeline


class Troubles(Struct, frozen=True):
    """How likely what is. All zero: a healed world."""

    lose: float = 0.0
    double: float = 0.0
    late: float = 0.0  # a message takes seconds and is overtaken
    nack: float = 0.0
    connect_fails: float = 0.0
    centre_dies_after_commit: float = 0.0  # the database has it, nobody is told


class VirtualNet:
    """One terminal's line, the broker, and the centre behind it. `epoch_ms`: the wall clock when
    the world began."""

    def __init__(self, time: Timeline, made: Made, epoch_ms: int) -> None:
        self.time = time
        self.made = made
        self.centre = made.centre
        self.epoch_ms = epoch_ms
        self.troubles = Troubles()
        self.cut = False  # a partition
        self.centre_down = False
        self.post: Callable[[Event], None] = lambda _event: None
        self.deliver: Callable[[str, bytes], None] = lambda _topic, _payload: None
        self._session = 0  # 0: none
        self._attempt = 0
        self._sessions = 0
        self._centres = 0

    # -- the terminal's side -----------------------------------------------------------------------
    def connect(self) -> None:
        """One attempt; LinkUp or LinkLost follows."""
        self._attempt += 1
        attempt = self._attempt
        assert not self._session, "connects while connected"

        def ends() -> None:
            if attempt != self._attempt:
                return
            if self.cut or self.time.chance(self.troubles.connect_fails):
                self.time.note("net connect failed")
                self.post(LinkLost("E-NET-08"))
                return
            self._sessions += 1
            self._session = self._sessions
            self.post(LinkUp())

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

    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        """QoS 1 towards the centre; `token` is freed by a PUBACK, which proves nothing."""
        session = self._session
        if not session:
            self.time.violated("published while disconnected") if token is not None else None
            return
        refused = token is not None and self.time.chance(self.troubles.nack)
        if refused:
            self.time.fault("nack")
        if token is not None:
            self.time.at(
                self.time.between(20, 200), lambda: self._free(session, token, not refused)
            )
        if refused or self.cut:
            return
        for delay in self._copies():
            self.time.at(delay, lambda: self._at_centre(topic, payload))

    def _free(self, session: int, token: int, ok: bool) -> None:
        if session == self._session and not self.cut:
            self.post(Freed(token, ok))

    def _copies(self) -> list[int]:
        if self.time.chance(self.troubles.lose):
            self.time.fault("lost")
            return []
        delays = [self.time.between(20, 150)]
        if self.time.chance(self.troubles.late):
            self.time.fault("late")
            delays = [self.time.between(1, 20) * SECOND_MS]
        if self.time.chance(self.troubles.double):
            self.time.fault("doubled")
            delays.append(delays[0] + self.time.between(0, 5 * SECOND_MS))
        return delays

    # -- partitions --------------------------------------------------------------------------------
    def partition(self, lasts_ms: int) -> None:
        """Nothing gets through; the terminal notices some time later, by its keep-alive."""
        if self.cut:
            return
        self.time.fault("partition")
        self.cut = True
        session = self._session
        noticed = min(self.time.between(0, 20 * SECOND_MS), lasts_ms)
        self.time.at(noticed, lambda: self._lose(session))
        self.time.at(lasts_ms, self._mend)

    def _lose(self, session: int) -> None:
        if session and session == self._session:
            self._session = 0
            self.post(LinkLost("E-NET-05"))

    def _mend(self) -> None:
        self.cut = False

    # -- the centre --------------------------------------------------------------------------------
    def _at_centre(self, topic: str, payload: bytes) -> None:
        if self.cut or self.centre_down:
            return
        self.time.counts["messages"] += 1
        answers = self.centre.on_message(topic, payload, self.epoch_ms + self.time.now_ms)
        if self.time.chance(self.troubles.centre_dies_after_commit):
            self.restart_centre(self.time.between(1, 30) * SECOND_MS)
            return
        for to, data in answers:
            self._down(to, data)

    def _down(self, topic: str, payload: bytes) -> None:
        for delay in self._copies():
            self.time.at(delay, lambda: self._arrive(topic, payload))

    def _arrive(self, topic: str, payload: bytes) -> None:
        if self._session and not self.cut:
            self.deliver(topic, payload)

    def restart_centre(self, lasts_ms: int) -> None:
        """The centre's process dies and comes back with nothing but its database."""
        if self.centre_down:
            return
        self.time.fault("centre restart")
        self.centre_down = True

        def back() -> None:
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
            self.centre_down = False

        self.time.at(lasts_ms, back)
