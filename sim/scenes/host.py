"""The host of a scenario: the terminal at the board's cable, and what is said and heard there, written
down."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from edge.core import events
from edge.core.link import State
from edge.core.link_words import Command, Heard
from edge.wire.cable import Cable
from sim.board.hand.port import Port
from sim.board.hand.terminal import Flight, Terminal
from sim.scenes.line import Faults, carry
from sim.scenes.seen import Moment, Record

KEPT_MAX = 4096  # packets kept of a conversation, for a man who plays it again


class Ears:
    """The codec with a witness: implements `core.link_words.Wire` by `Cable` and writes down every
    frame in both directions."""

    def __init__(self, key: bytes, clock: Port, record: Record) -> None:
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
    """A terminal on the port of `clock`, with a bad cable and a witness. `faults` may be changed
    while it runs; `said` and `got` are the packets of the conversation."""

    def __init__(self, key: bytes, clock: Port, record: Record, dice: random.Random) -> None:
        self.faults = Faults()
        self._clock, self._record, self._dice = clock, record, dice
        self.wire = Ears(key, clock, record)
        self.said: deque[bytes] = deque(maxlen=KEPT_MAX)
        self.got: deque[bytes] = deque(maxlen=KEPT_MAX)
        self._terminal = Terminal(self.wire, clock, dice, self)
        self.link = self._terminal.link
        self.step, self.raw, self.turn = (
            self._terminal.step, self._terminal.raw, self._terminal.turn,
        )  # fmt: skip
        self._terminal.begin()

    def up(self) -> bool:
        """Up, and the controller has acknowledged our first frame: it knows the session too."""
        return self.link.state is State.UP and self.link.idle()

    def ups(self) -> list[dict[str, Any]]:
        return [one.info for one in self._terminal.events if isinstance(one, events.BoardUp)]

    def lost(self) -> list[str]:
        return [one.code for one in self._terminal.events if isinstance(one, events.BoardLost)]

    def command(self, kind: str, text: str) -> None:
        self.step(Command(kind, text))

    def close(self) -> None:
        """Say nothing any more and give the port back."""
        if self.link.state is not State.STOPPED:
            self._terminal.close()

    # -- what goes along with the terminal ---------------------------------------------------------
    def carry(self, data: bytes, *, to_board: bool) -> list[Flight]:
        (self.said if to_board else self.got).append(data)
        if not self.faults.hits(to_board=to_board):
            return [(0, data)]
        return carry(data, self.faults, self._dice)

    def told(self, event: Any) -> None:
        match event:
            case events.BoardUp():
                text, tone, body = "up", "good", plain(event.info)
            case events.BoardLost():
                text, tone, body = event.code, "bad", {}
            case _:
                return
        self._record.add(Moment(self._clock.now_us(), "event", text, tone, body))
