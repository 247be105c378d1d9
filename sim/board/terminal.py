"""The terminal at the cable of a board in virtual time: the production link machine, in step with
the board's clock."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from edge.core.link import Link
from edge.core.link_words import Arrived, Do, LinkEvent, Opened, OpenPort, Post, Tick, Write
from edge.wire.cable import Cable
from sim.board.client import Control

STEPS_MAX = 1_000_000


class Dice:
    """Randomness by seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"terminal/{seed}")

    def bytes(self, count: int) -> bytes:
        return self._dice.randbytes(count)

    def below(self, limit: int) -> int:
        return self._dice.randrange(limit)


class Terminal:
    """`events`: what the link told its core, in order."""

    def __init__(self, control: Control, key: bytes, seed: int) -> None:
        self._control = control
        self._link = Link(Cable(key), Dice(seed))
        self._begun = False
        self.now_us = 0
        self.events: list[Any] = []

    @property
    def state(self) -> str:
        return str(self._link.state)

    @property
    def faults(self) -> dict[str, int]:
        """How often each way to fail was seen."""
        return {str(code): count for code, count in self._link.faults.items()}

    def begin(self) -> None:
        """The port is opened; the first HELLO leaves."""
        if not self._begun:
            self._begun = True
            self.now_us = self._control.advance(0).now_us
            self._do(self._link.start(self._ms()))

    def tell(self, event: LinkEvent) -> None:
        """A command for the controller, for example."""
        self._do(self._link.step(event, self._ms()))

    def run(self, ms: float, until: Callable[[], object] = lambda: False) -> bool:
        """Both live for `ms`, or until it is so; whether it became so."""
        end = self.now_us + round(ms * 1000)
        for _ in range(STEPS_MAX):
            if until():
                return True
            if self.now_us >= end:
                return False
            due = self._link.deadline() if self._begun else None
            goal = end if due is None else min(end, max(due * 1000, self.now_us))
            got = self._control.advance((goal - self.now_us) / 1000, ("said",))
            self.now_us = got.now_us
            if self._begun and got.said:
                self.tell(Arrived(got.said))
            if due is not None and self.now_us >= due * 1000:
                self.tell(Tick())
        raise AssertionError("time does not pass")

    def _ms(self) -> int:
        return self.now_us // 1000

    def _do(self, todo: list[Do]) -> None:
        for one in todo:
            match one:
                case OpenPort():
                    self.tell(Opened())
                case Write(data):
                    self._control.send(data)
                case Post(event):
                    self.events.append(event)
                case _:
                    pass
