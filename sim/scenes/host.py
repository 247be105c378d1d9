"""The host of a scenario: the terminal's own link machine (`edge.core.link`) and codec on the
board's port, turned by the clock of the run. What is said and heard is written down."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from typing import Any

from edge.core import events
from edge.core.link import Link, State
from edge.core.link_words import (
    Arrived,
    ClosePort,
    Code,
    Command,
    Do,
    Heard,
    LinkEvent,
    Opened,
    OpenFailed,
    OpenPort,
    PortLost,
    Post,
    StopAsked,
    Tick,
    Write,
)
from edge.wire.cable import Cable
from sim.scenes.clock import Clock, Gone
from sim.scenes.line import Faults, carry
from sim.scenes.seen import Moment, Record

READ_MAX = 4096
KEPT_MAX = 4096  # packets kept of a conversation, for a man who plays it again
INBOX_MAX = 1024


class Dice:
    """Randomness of the run's seed."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def bytes(self, count: int) -> bytes:
        return self._dice.randbytes(count)

    def below(self, limit: int) -> int:
        return self._dice.randrange(limit)


class Ears:
    """The codec with a witness: implements `core.link_words.Wire` by `Cable` and writes down every
    frame in both directions."""

    def __init__(self, key: bytes, clock: Clock, record: Record) -> None:
        self._cable = Cable(key)
        self._clock, self._record = clock, record
        self.heard: list[Heard] = []
        self._last_seq = 0

    def hello(self, nonce: bytes) -> bytes:
        self._note("sent", "hello", {})
        return self._cable.hello(nonce)

    def say(self, kind: str, text: str, seq: int, ack: int) -> bytes:
        data = self._cable.say(kind, text, seq, ack)
        self._note("sent", kind, {"text": text, "seq": seq, "ack": ack})
        return data

    def hear(self, data: bytes) -> list[Heard]:
        found = self._cable.hear(data)
        for one in found:
            repeat = bool(one.seq) and one.seq == self._last_seq
            self._last_seq = one.seq or self._last_seq
            if one.what == "welcome":
                self._last_seq = 0
            text = one.kind or one.what
            tone = "warn" if repeat else "" if one.kind or one.what in OWN else "bad"
            self._note("heard", text, {"seq": one.seq, "ack": one.ack, **plain(one.body)}, tone)
            if not repeat:
                self.heard.append(one)
        return found

    def spent(self) -> bool:
        return self._cable.spent()

    def forget(self) -> None:
        self._cable.forget()

    def _note(self, lane: str, text: str, body: dict[str, Any], tone: str = "") -> None:
        self._record.add(Moment(self._clock.now_us(), lane, text, tone, body))


OWN = frozenset({"welcome", "started"})


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """As JSON can hold it: bytes as hex digits, tuples as lists."""
    return {
        k: v.hex() if isinstance(v, bytes) else list(v) if isinstance(v, tuple) else v
        for k, v in body.items()
    }


class Host:
    """A terminal on the port of `clock`. `faults` may be changed while it runs."""

    def __init__(self, key: bytes, clock: Clock, record: Record, dice: random.Random) -> None:
        self.faults = Faults()
        self._clock, self._record, self._dice = clock, record, dice
        self.wire = Ears(key, clock, record)
        self.link = Link(self.wire, Dice(dice))
        self.events: list[Any] = []
        self.said: deque[bytes] = deque(maxlen=KEPT_MAX)
        self.got: deque[bytes] = deque(maxlen=KEPT_MAX)
        self._inbox: deque[LinkEvent] = deque(maxlen=INBOX_MAX)
        self._flying: list[tuple[int, int, bool, bytes]] = []
        self._order = itertools.count()
        self._held = b""
        self._open = False
        self._do(self.link.start(self._now_ms()))
        self._drain()

    # -- what scenarios ask ------------------------------------------------------------------------
    def up(self) -> bool:
        """Up, and the controller has acknowledged our first frame: it knows the session too."""
        return self.link.state is State.UP and self.link.idle()

    def ups(self) -> list[dict[str, Any]]:
        return [one.info for one in self.events if isinstance(one, events.BoardUp)]

    def lost(self) -> list[str]:
        return [one.code for one in self.events if isinstance(one, events.BoardLost)]

    def command(self, kind: str, text: str) -> None:
        self.step(Command(kind, text))

    def raw(self, data: bytes) -> None:
        """Bytes on the cable that no link machine made."""
        self._put(data)
        self._drain()

    def close(self) -> None:
        """Say nothing any more and give the port back."""
        if self.link.state is not State.STOPPED:
            self.step(StopAsked())

    # -- turns -------------------------------------------------------------------------------------
    def step(self, event: LinkEvent) -> None:
        self._inbox.append(event)
        self._drain()

    def _drain(self) -> None:
        while self._inbox:
            self._do(self.link.step(self._inbox.popleft(), self._now_ms()))

    def turn(self, most_ms: int) -> None:
        """Let at most so much time pass, less when something is due or bytes come."""
        now = self._now_ms()
        while self._flying and self._flying[0][0] <= now:
            _, _, to_board, data = heapq.heappop(self._flying)
            if to_board:
                self._put(data)
            else:
                self.step(Arrived(data))
        due = self.link.deadline()
        if due is not None and due <= now:
            self.step(Tick())
            due = self.link.deadline()
        until = min([now + most_ms, *([due] if due is not None else []), *self._next_flight()])
        try:
            data = self._clock.wait(max(1, until - now))
        except Gone:
            self._shut()
            self.step(PortLost(Code.UNPLUGGED))
            return
        if data and self._open:
            self._hear(data)

    def _next_flight(self) -> list[int]:
        return [self._flying[0][0]] if self._flying else []

    def _hear(self, data: bytes) -> None:
        *packets, self._held = (self._held + data).split(b"\0")
        if len(self._held) > READ_MAX:  # a babbler that never ends a packet
            self._held, whole = b"", self._held
            self.step(Arrived(whole))
        for one in packets:
            self.got.append(one + b"\0")
            self._fly(one + b"\0", to_board=False)

    def _do(self, todo: list[Do]) -> None:
        for one in todo:
            match one:
                case OpenPort():
                    self._inbox.append(self._opened())
                case ClosePort():
                    self._shut()
                case Write(data):
                    self.said.append(data)
                    self._fly(data, to_board=True)
                case Post(event):
                    self.events.append(event)
                    self._note(event)

    def _opened(self) -> LinkEvent:
        self._open = self._clock.open()
        return Opened() if self._open else OpenFailed(Code.NO_PORT)

    def _shut(self) -> None:
        self._open = False
        self._clock.close()
        self._flying.clear()
        self._held = b""

    def _fly(self, data: bytes, *, to_board: bool) -> None:
        if not self.faults.hits(to_board=to_board):
            flights = [(0, data)]
        else:
            flights = carry(data, self.faults, self._dice)
        for late, part in flights:
            if late == 0 and to_board and not self._flying:
                self._put(part)
                continue
            entry = (self._now_ms() + late, next(self._order), to_board, part)
            heapq.heappush(self._flying, entry)

    def _put(self, data: bytes) -> None:
        if not self._open:
            return
        try:
            self._clock.write(data)
        except Gone:
            self._inbox.append(PortLost(Code.UNPLUGGED))

    def _note(self, event: Any) -> None:
        match event:
            case events.BoardUp():
                text, tone, body = "up", "good", plain(event.info)
            case events.BoardLost():
                text, tone, body = event.code, "bad", {}
            case _:
                return
        self._record.add(Moment(self._clock.now_us(), "event", text, tone, body))

    def _now_ms(self) -> int:
        return self._clock.now_us() // 1000
