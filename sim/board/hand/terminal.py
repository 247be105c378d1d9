"""A terminal at the cable of a board: the production link machine (`edge.core.link`), turned by the
clock of its port."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from edge.core.link import Link
from edge.core.link_words import (
    Arrived,
    ClosePort,
    Code,
    Do,
    LinkEvent,
    Opened,
    OpenFailed,
    OpenPort,
    PortLost,
    Post,
    StopAsked,
    Tick,
    Wire,
    Write,
)
from sim.board.hand.port import Gone, Port
from sim.dice import SeededDice

READ_MAX = 4096
INBOX_MAX = 1024
STEPS_MAX = 1_000_000
STUCK_US = 1000
Flight = tuple[float, bytes]


class Company(Protocol):
    """What goes along: the cable, and a witness."""

    def carry(self, data: bytes, *, to_board: bool) -> list[Flight]:
        """What becomes of a packet: (delay in ms, bytes) after it."""

    def told(self, event: Any) -> None:
        """The link tells its core."""


class Alone:
    """A cable that only carries; nobody watches."""

    def carry(self, data: bytes, *, to_board: bool) -> list[Flight]:
        del to_board
        return [(0, data)]

    def told(self, event: Any) -> None:
        pass


class Terminal:
    """`events`: what the link told its core, in order."""

    def __init__(
        self, wire: Wire, port: Port, dice: random.Random, company: Company | None = None
    ) -> None:
        self.link = Link(wire, SeededDice(dice))
        self.events: list[Any] = []
        self._port = port
        self._company = company or Alone()
        self._inbox: deque[LinkEvent] = deque(maxlen=INBOX_MAX)
        self._flying: list[tuple[int, int, bool, bytes]] = []  # when, order, to_board, bytes
        self._order = itertools.count()
        self._held = b""
        self._open = False
        self._begun = False

    @property
    def state(self) -> str:
        return str(self.link.state)

    @property
    def now_us(self) -> int:
        return self._port.now_us()

    def begin(self) -> None:
        """The port is opened; the first HELLO leaves."""
        if not self._begun:
            self._begun = True
            self._do(self.link.start(self._now_ms()))
            self._drain()

    def close(self) -> None:
        """Say nothing any more and give the port back."""
        if self._begun:
            self.step(StopAsked())

    def step(self, event: LinkEvent) -> None:
        """A command for the controller, for example."""
        self._inbox.append(event)
        self._drain()

    def raw(self, data: bytes) -> None:
        """Bytes on the cable that no link machine made."""
        self._put(data)
        self._drain()

    # -- time --------------------------------------------------------------------------------------
    def run(self, ms: float, until: Callable[[], object] = lambda: False) -> bool:
        """Both live for `ms`, or until it is so; whether it became so."""
        end = self.now_us + round(ms * 1000)
        for _ in range(STEPS_MAX):
            if until():
                return True
            if self.now_us >= end:
                return False
            self.turn((end - self.now_us) / 1000)
        raise AssertionError("time does not pass")

    def turn(self, most_ms: float) -> None:
        """Let at most so much time pass, less when something is due or bytes come."""
        self._land()
        now = self.now_us
        due = self.link.deadline() if self._begun else None
        if due is not None and due * 1000 <= now:
            self.step(Tick())
            due = self.link.deadline()
        until = now + round(most_ms * 1000)
        if due is not None:
            until = min(until, due * 1000 if due * 1000 > now else now + STUCK_US)
        if self._flying:
            until = min(until, self._flying[0][0])
        try:
            data = self._port.wait(max(1, until - now) / 1000)
        except Gone:
            self._shut()
            self.step(PortLost(Code.UNPLUGGED))
            return
        if data and self._open:
            self._hear(data)
            self._land()

    # -- the link ----------------------------------------------------------------------------------
    def _drain(self) -> None:
        while self._inbox:
            self._do(self.link.step(self._inbox.popleft(), self._now_ms()))

    def _do(self, todo: list[Do]) -> None:
        for one in todo:
            match one:
                case OpenPort():
                    self._open = self._port.open()
                    self._inbox.append(Opened() if self._open else OpenFailed(Code.NO_PORT))
                case ClosePort():
                    self._shut()
                case Write(data):
                    self._fly(data, to_board=True)
                case Post(event):
                    self.events.append(event)
                    self._company.told(event)

    def _hear(self, data: bytes) -> None:
        *packets, self._held = (self._held + data).split(b"\0")
        if len(self._held) > READ_MAX:  # a babbler that never ends a packet
            self._held, whole = b"", self._held
            self.step(Arrived(whole))
        for one in packets:
            self._fly(one + b"\0", to_board=False)

    def _shut(self) -> None:
        self._open = False
        self._port.close()
        self._flying.clear()
        self._held = b""

    def _fly(self, data: bytes, *, to_board: bool) -> None:
        for late_ms, part in self._company.carry(data, to_board=to_board):
            if late_ms == 0 and to_board and not self._flying:
                self._put(part)
                continue
            at = self.now_us + round(late_ms * 1000)
            heapq.heappush(self._flying, (at, next(self._order), to_board, part))

    def _land(self) -> None:
        """What is due comes out of the cable."""
        while self._flying and self._flying[0][0] <= self.now_us:
            _, _, to_board, data = heapq.heappop(self._flying)
            if to_board:
                self._put(data)
            else:
                self.step(Arrived(data))

    def _put(self, data: bytes) -> None:
        if not self._open:
            return
        try:
            self._port.write(data)
        except Gone:
            self._inbox.append(PortLost(Code.UNPLUGGED))

    def _now_ms(self) -> int:
        return self.now_us // 1000
